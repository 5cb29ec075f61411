import { expect, it } from 'vitest'
import { decodeUsage } from './decode-usage.ts'

it.each([
  [
    { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } },
    { inputTokens: 10, outputTokens: 2, cacheReadTokens: 4 },
  ],
  [
    { prompt_tokens: 10, completion_tokens: 2, prompt_cache_hit_tokens: 6, prompt_cache_miss_tokens: 4 },
    { cacheReadTokens: 6 },
  ],
  [{ prompt_tokens: 10, completion_tokens: 2, cached_tokens: 3 }, { cacheReadTokens: 3 }],
  [
    { prompt_tokens: 10, completion_tokens: 2, cache_read_input_tokens: 3, cache_creation_input_tokens: 2 },
    { cacheReadTokens: 3, cacheWriteTokens: 2 },
  ],
  [
    { input_tokens: 10, output_tokens: 2, output_tokens_details: { reasoning_tokens: 1 } },
    { inputTokens: 10, reasoningTokens: 1 },
  ],
  [
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 1 },
    },
    { reasoningTokens: 4, audioOutputTokens: 1 },
  ],
  [
    { prompt_tokens: 8, total_tokens: 8 },
    { inputTokens: 8, outputTokens: 0 },
  ],
  [{ total_tokens: 8 }, { inputTokens: 8, outputTokens: 0 }],
  [{ prompt_tokens: 1, completion_tokens: 1, num_search_queries: 2 }, { searchCalls: 2 }],
  [
    { prompt_tokens: 1, completion_tokens: null, prompt_tokens_details: null },
    { inputTokens: 1, outputTokens: 0, cacheReadTokens: 0 },
  ],
])('reads %j', (usage, expected) => {
  expect(decodeUsage(usage)).toMatchObject(expected)
})

it.each([null, undefined, {}, [], 'x', { prompt_tokens: 'many' }])('has nothing to read in %j', (usage) => {
  expect(decodeUsage(usage)).toBeNull()
})
