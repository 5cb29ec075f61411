import type { PriceTier, SearchContextSize, TokenRates, UnitName } from './prices.ts'

/** Where a price field of LiteLLM's JSON format belongs. */
export interface PriceField {
  readonly rate: keyof TokenRates
  readonly aboveInputTokens: number
  readonly tier: PriceTier
}

const rateFields = new Map<string, keyof TokenRates>([
  ['input_cost_per_token', 'input'],
  ['output_cost_per_token', 'output'],
  ['cache_read_input_token_cost', 'cacheRead'],
  ['cache_creation_input_token_cost', 'cacheWrite'],
  ['cache_creation_input_token_cost_above_1hr', 'cacheWriteOneHour'],
  ['output_cost_per_reasoning_token', 'reasoning'],
  ['input_cost_per_audio_token', 'audioInput'],
  ['output_cost_per_audio_token', 'audioOutput'],
  ['input_cost_per_image_token', 'imageInput'],
  ['output_cost_per_image_token', 'imageOutput'],
])

const tierSuffixes = new Map<string, PriceTier>([
  ['_batches', 'batch'],
  ['_priority', 'priority'],
  ['_flex', 'flex'],
])

/** Unit prices by field name. */
export const unitFields: ReadonlyMap<string, UnitName> = new Map<string, UnitName>([
  ['input_cost_per_image', 'inputImage'],
  ['output_cost_per_image', 'outputImage'],
  ['input_cost_per_pixel', 'inputPixel'],
  ['output_cost_per_pixel', 'outputPixel'],
  ['input_cost_per_second', 'inputSecond'],
  ['output_cost_per_second', 'outputSecond'],
  ['input_cost_per_character', 'inputCharacter'],
  ['output_cost_per_character', 'outputCharacter'],
  ['input_cost_per_query', 'query'],
  ['input_cost_per_request', 'request'],
])

/** Members of `search_context_cost_per_query`. */
export const searchFields: ReadonlyMap<string, SearchContextSize> = new Map<string, SearchContextSize>([
  ['search_context_size_low', 'low'],
  ['search_context_size_medium', 'medium'],
  ['search_context_size_high', 'high'],
])

/**
 * Reads a field name of LiteLLM's price map: a base name, then optionally `_above_<N>k_tokens`, then optionally
 * `_batches`, `_priority` or `_flex`. Null for names that are no token price.
 */
export function parsePriceField(name: string): PriceField | null {
  let rest = name
  let tier: PriceTier = 'standard'
  for (const [suffix, named] of tierSuffixes) {
    if (!rest.endsWith(suffix)) continue
    tier = named
    rest = rest.slice(0, -suffix.length)
  }
  const above = /^(.+)_above_(\d{1,7})k_tokens$/.exec(rest)
  const rate = rateFields.get(above?.[1] ?? rest)
  return rate === undefined ? null : { rate, aboveInputTokens: Number(above?.[2] ?? 0) * 1000, tier }
}
