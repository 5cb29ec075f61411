import { type Ability, type BuiltInModel, textPrices } from './built-in-model.ts'

const tools: readonly Ability[] = ['function_calling']
const multimodal: readonly Ability[] = [
  'function_calling',
  'vision',
  'pdf_input',
  'audio_input',
  'response_schema',
  'prompt_caching',
  'reasoning',
]

type Row = readonly [
  provider: string,
  name: string,
  prices: readonly [input: number, output: number, cacheRead?: number],
  maxInput: number,
  maxOutput: number,
  supports: readonly Ability[],
]

const rows: readonly Row[] = [
  ['deepseek', 'deepseek-chat', [0.28, 0.42, 0.028], 128_000, 8192, [...tools, 'prompt_caching']],
  [
    'deepseek',
    'deepseek-reasoner',
    [0.28, 0.42, 0.028],
    128_000,
    64_000,
    [...tools, 'prompt_caching', 'reasoning'],
  ],
  ['groq', 'llama-3.3-70b-versatile', [0.59, 0.79], 131_072, 32_768, tools],
  ['groq', 'llama-3.1-8b-instant', [0.05, 0.08], 131_072, 131_072, tools],
  ['xai', 'grok-4', [3, 15, 0.75], 256_000, 256_000, [...tools, 'vision', 'response_schema', 'reasoning']],
  ['xai', 'grok-3', [3, 15, 0.75], 131_072, 131_072, [...tools, 'response_schema']],
  ['xai', 'grok-3-mini', [0.3, 0.5, 0.075], 131_072, 131_072, [...tools, 'response_schema', 'reasoning']],
  ['mistral', 'mistral-large-2411', [2, 6], 131_072, 131_072, [...tools, 'response_schema']],
  ['mistral', 'codestral-2501', [0.3, 0.9], 256_000, 256_000, tools],
  ['cohere', 'command-a-03-2025', [2.5, 10], 256_000, 8000, tools],
  ['cohere', 'command-r-plus-08-2024', [2.5, 10], 128_000, 4096, tools],
  ['cohere', 'command-r-08-2024', [0.15, 0.6], 128_000, 4096, tools],
  ['gemini', 'gemini-2.5-flash', [0.3, 2.5, 0.03], 1_048_576, 65_536, multimodal],
  ['gemini', 'gemini-2.5-flash-lite', [0.1, 0.4, 0.01], 1_048_576, 65_536, multimodal],
]

export const otherPrices: readonly BuiltInModel[] = [
  ...rows.map(
    ([provider, name, prices, maxInput, maxOutput, supports]): BuiltInModel => ({
      name,
      provider,
      maxInput,
      maxOutput,
      usdPerMillion: textPrices(...prices),
      supports,
    }),
  ),
  {
    name: 'gemini-2.5-pro',
    provider: 'gemini',
    maxInput: 1_048_576,
    maxOutput: 65_536,
    usdPerMillion: {
      ...textPrices(1.25, 10, 0.125),
      input_cost_per_token_above_200k_tokens: 2.5,
      output_cost_per_token_above_200k_tokens: 15,
      cache_read_input_token_cost_above_200k_tokens: 0.25,
    },
    supports: multimodal,
  },
  {
    name: 'mistral-embed',
    provider: 'mistral',
    mode: 'embedding',
    maxInput: 8192,
    usdPerMillion: textPrices(0.1, 0),
  },
  // Answers locally and really is free.
  { name: 'demo', provider: 'demo', maxInput: 128_000, maxOutput: 4096, usdPerMillion: textPrices(0, 0) },
]
