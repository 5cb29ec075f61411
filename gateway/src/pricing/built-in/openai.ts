import { type Ability, type BuiltInModel, textPrices } from './built-in-model.ts'

const omni: readonly Ability[] = [
  'function_calling',
  'vision',
  'pdf_input',
  'response_schema',
  'prompt_caching',
]
const reasoning: readonly Ability[] = [...omni, 'reasoning']
const textReasoning: readonly Ability[] = [
  'function_calling',
  'response_schema',
  'prompt_caching',
  'reasoning',
]

type Row = readonly [
  name: string,
  prices: readonly [input: number, output: number, cacheRead?: number],
  maxInput: number,
  maxOutput: number,
  supports: readonly Ability[],
  alsoKnownAs: readonly string[],
]

const chat: readonly Row[] = [
  ['gpt-5.1', [1.25, 10, 0.125], 272_000, 128_000, reasoning, ['gpt-5.1-2025-11-13']],
  ['gpt-5', [1.25, 10, 0.125], 272_000, 128_000, reasoning, ['gpt-5-2025-08-07']],
  ['gpt-5-mini', [0.25, 2, 0.025], 272_000, 128_000, reasoning, ['gpt-5-mini-2025-08-07']],
  ['gpt-5-nano', [0.05, 0.4, 0.005], 272_000, 128_000, reasoning, ['gpt-5-nano-2025-08-07']],
  ['gpt-4.1', [2, 8, 0.5], 1_047_576, 32_768, omni, ['gpt-4.1-2025-04-14']],
  ['gpt-4.1-mini', [0.4, 1.6, 0.1], 1_047_576, 32_768, omni, ['gpt-4.1-mini-2025-04-14']],
  ['gpt-4.1-nano', [0.1, 0.4, 0.025], 1_047_576, 32_768, omni, ['gpt-4.1-nano-2025-04-14']],
  ['gpt-4o', [2.5, 10, 1.25], 128_000, 16_384, omni, ['gpt-4o-2024-08-06', 'gpt-4o-2024-11-20']],
  ['gpt-4o-mini', [0.15, 0.6, 0.075], 128_000, 16_384, omni, ['gpt-4o-mini-2024-07-18']],
  ['o4-mini', [1.1, 4.4, 0.275], 200_000, 100_000, reasoning, ['o4-mini-2025-04-16']],
  ['o3', [2, 8, 0.5], 200_000, 100_000, reasoning, ['o3-2025-04-16']],
  ['o3-mini', [1.1, 4.4, 0.55], 200_000, 100_000, textReasoning, ['o3-mini-2025-01-31']],
  ['o1', [15, 60, 7.5], 200_000, 100_000, reasoning, ['o1-2024-12-17']],
  ['gpt-4-turbo', [10, 30], 128_000, 4096, ['function_calling', 'vision'], ['gpt-4-turbo-2024-04-09']],
  ['gpt-4', [30, 60], 8192, 8192, ['function_calling'], ['gpt-4-0613']],
  ['gpt-3.5-turbo', [0.5, 1.5], 16_385, 4096, ['function_calling'], ['gpt-3.5-turbo-0125']],
]

const embeddings: readonly (readonly [name: string, input: number])[] = [
  ['text-embedding-3-small', 0.02],
  ['text-embedding-3-large', 0.13],
  ['text-embedding-ada-002', 0.1],
]

export const openaiPrices: readonly BuiltInModel[] = [
  ...chat.map(
    ([name, prices, maxInput, maxOutput, supports, alsoKnownAs]): BuiltInModel => ({
      name,
      alsoKnownAs,
      provider: 'openai',
      maxInput,
      maxOutput,
      usdPerMillion: textPrices(...prices),
      supports,
      lacks: supports.includes('vision') ? [] : ['vision'],
    }),
  ),
  ...embeddings.map(
    ([name, input]): BuiltInModel => ({
      name,
      provider: 'openai',
      mode: 'embedding',
      maxInput: 8191,
      usdPerMillion: textPrices(input, 0),
    }),
  ),
]
