import { isNothing, toBoolean, toNumber, toText, type UnknownRecord } from '../values/coerce.ts'
import type { Section } from '../values/section.ts'
import { isPriceParameter, isRequestParameter, requestParameterType } from './parameter-names.ts'

/** What `litellm_params` sends with each request unless the request sets it. */
export function readDefaultParams(params: Section): UnknownRecord {
  const entries = Object.entries(params.values)
    .filter(([name, value]) => isRequestParameter(name) && !isNothing(value))
    .map(([name, value]) => [name, coerceParameter(name, value)] as const)
  return Object.fromEntries(entries)
}

function coerceParameter(name: string, value: unknown): unknown {
  const type = requestParameterType(name)
  if (type === 'number') return toNumber(value) ?? value
  return type === 'boolean' ? (toBoolean(value) ?? value) : value
}

/** Prices written with the model; `litellm_params` beats `model_info`. */
export function readPrices(params: Section, info: Section): Record<string, number> {
  const prices: Record<string, number> = {}
  const names = [...Object.keys(params.values), ...Object.keys(info.values)].filter(isNumericPrice)
  for (const name of new Set(names)) {
    const price = params.amount(name) ?? info.amount(name)
    if (price !== null) prices[name] = price
  }
  return prices
}

/** The prices of searches are an object of their own and stay in `model_info`. */
function isNumericPrice(name: string): boolean {
  return isPriceParameter(name) && name !== 'search_context_cost_per_query'
}

export function readHeaders(values: UnknownRecord): Record<string, string> {
  const entries = Object.entries(values).flatMap(([name, value]) => {
    const text = isNothing(value) ? undefined : toText(value)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(entries)
}
