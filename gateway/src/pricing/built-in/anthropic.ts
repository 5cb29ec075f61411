import type { Ability, BuiltInModel } from './built-in-model.ts'

const classic: readonly Ability[] = ['function_calling', 'vision', 'prompt_caching']
const documents: readonly Ability[] = [...classic, 'pdf_input']
const thinking: readonly Ability[] = [...documents, 'reasoning']

/** Cache reads cost a tenth of the input price, five-minute writes 1.25 times, one-hour writes twice as much. */
interface ClaudePrice {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly cacheWriteOneHour: number
}

const opus45: ClaudePrice = { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25, cacheWriteOneHour: 10 }
const opus: ClaudePrice = { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75, cacheWriteOneHour: 30 }
const sonnet: ClaudePrice = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWriteOneHour: 6 }
const longSonnet: ClaudePrice = {
  input: 6,
  output: 22.5,
  cacheRead: 0.6,
  cacheWrite: 7.5,
  cacheWriteOneHour: 12,
}
const haiku45: ClaudePrice = { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25, cacheWriteOneHour: 2 }
const haiku35: ClaudePrice = { input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1, cacheWriteOneHour: 1.6 }
const haiku3: ClaudePrice = {
  input: 0.25,
  output: 1.25,
  cacheRead: 0.03,
  cacheWrite: 0.3,
  cacheWriteOneHour: 0.5,
}

type Row = readonly [
  name: string,
  price: ClaudePrice,
  maxOutput: number,
  supports: readonly Ability[],
  alsoKnownAs: readonly string[],
  above200k?: ClaudePrice,
]

const rows: readonly Row[] = [
  ['claude-opus-4-5', opus45, 64_000, thinking, ['claude-opus-4-5-20251101']],
  ['claude-sonnet-4-5', sonnet, 64_000, thinking, ['claude-sonnet-4-5-20250929'], longSonnet],
  ['claude-haiku-4-5', haiku45, 64_000, thinking, ['claude-haiku-4-5-20251001']],
  ['claude-opus-4-1', opus, 32_000, thinking, ['claude-opus-4-1-20250805']],
  ['claude-opus-4-20250514', opus, 32_000, thinking, ['claude-opus-4-0']],
  ['claude-sonnet-4-20250514', sonnet, 64_000, thinking, ['claude-sonnet-4-0'], longSonnet],
  ['claude-3-7-sonnet-20250219', sonnet, 64_000, thinking, ['claude-3-7-sonnet-latest']],
  ['claude-3-5-sonnet-20241022', sonnet, 8192, documents, ['claude-3-5-sonnet-latest']],
  ['claude-3-5-haiku-20241022', haiku35, 8192, documents, ['claude-3-5-haiku-latest']],
  ['claude-3-opus-20240229', opus, 4096, classic, ['claude-3-opus-latest']],
  ['claude-3-haiku-20240307', haiku3, 4096, classic, []],
]

export const anthropicPrices: readonly BuiltInModel[] = rows.map(
  ([name, price, maxOutput, supports, alsoKnownAs, above200k]) => ({
    name,
    alsoKnownAs,
    provider: 'anthropic',
    maxInput: 200_000,
    maxOutput,
    usdPerMillion: {
      ...toFields(price, ''),
      ...toFields(halve(price), '_batches'),
      ...(above200k === undefined ? {} : toFields(above200k, '_above_200k_tokens')),
      ...(above200k === undefined ? {} : toFields(halve(above200k), '_above_200k_tokens_batches')),
    },
    supports,
  }),
)

/** Batches cost half of everything. */
function halve(price: ClaudePrice): ClaudePrice {
  return {
    input: price.input / 2,
    output: price.output / 2,
    cacheRead: price.cacheRead / 2,
    cacheWrite: price.cacheWrite / 2,
    cacheWriteOneHour: price.cacheWriteOneHour / 2,
  }
}

function toFields(price: ClaudePrice, suffix: string): Record<string, number> {
  return {
    [`input_cost_per_token${suffix}`]: price.input,
    [`output_cost_per_token${suffix}`]: price.output,
    [`cache_read_input_token_cost${suffix}`]: price.cacheRead,
    [`cache_creation_input_token_cost${suffix}`]: price.cacheWrite,
    [`cache_creation_input_token_cost_above_1hr${suffix}`]: price.cacheWriteOneHour,
  }
}
