import { isNothing, toBoolean, toNumber, toText, type UnknownRecord } from '../values/coerce.ts'
import type { Section } from '../values/section.ts'
import { isRequestParameter, priceParameters, requestParameterType } from './parameter-names.ts'

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
  for (const name of priceParameters) {
    const price = params.amount(name) ?? info.amount(name)
    if (price !== null) prices[name] = price
  }
  return prices
}

export function readHeaders(values: UnknownRecord): Record<string, string> {
  const entries = Object.entries(values).flatMap(([name, value]) => {
    const text = isNothing(value) ? undefined : toText(value)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(entries)
}
