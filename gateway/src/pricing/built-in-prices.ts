import { anthropicPrices } from './built-in/anthropic.ts'
import type { BuiltInModel } from './built-in/built-in-model.ts'
import { mediaPrices } from './built-in/media.ts'
import { openaiPrices } from './built-in/openai.ts'
import { otherPrices } from './built-in/others.ts'
import { readPriceMap } from './parse-price-map.ts'
import type { PriceEntry } from './prices.ts'

/**
 * Our own small table of well-known models, from the vendors' public price lists; a loaded price map overrides it.
 * Written in the same format as a price map, so that there is one reader.
 */
export function loadBuiltInPrices(): ReadonlyMap<string, PriceEntry> {
  const map: Record<string, unknown> = {}
  for (const model of [...openaiPrices, ...anthropicPrices, ...otherPrices, ...mediaPrices]) {
    const fields = toPriceFields(model)
    for (const name of [model.name, ...(model.alsoKnownAs ?? [])]) map[name] = fields
  }
  const { entries, problems } = readPriceMap(map)
  if (problems.length > 0) throw new Error(`built-in prices: ${problems.join('; ')}`)
  return entries
}

function toPriceFields(model: BuiltInModel): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {
    litellm_provider: model.provider,
    mode: model.mode ?? 'chat',
  }
  if (model.maxInput !== undefined) fields['max_input_tokens'] = model.maxInput
  if (model.maxOutput !== undefined) fields['max_output_tokens'] = model.maxOutput
  for (const [field, perMillion] of Object.entries(model.usdPerMillion))
    fields[field] = Number(`${perMillion}e-6`)
  Object.assign(fields, model.usdPerUnit)
  for (const ability of model.supports ?? []) fields[`supports_${ability}`] = true
  for (const ability of model.lacks ?? []) fields[`supports_${ability}`] = false
  return fields
}
