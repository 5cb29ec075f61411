import { type JsonRecord, readNumber, readRecord } from '../../conversation/json-value.ts'
import type { Usage } from '../../conversation/usage.ts'

/**
 * Usage of the OpenAI wire in every vendor's spelling: `prompt_tokens` or `input_tokens`, cached tokens in the
 * details object (OpenAI), as `prompt_cache_hit_tokens` (DeepSeek), `cached_tokens` (Moonshot) or
 * `cache_read_input_tokens` (LiteLLM). Null when there are no counts.
 */
export function decodeUsage(value: unknown): Usage | null {
  const usage = readRecord(value)
  if (usage === null) return null
  const input = count(usage, 'prompt_tokens', 'input_tokens')
  const output = count(usage, 'completion_tokens', 'output_tokens')
  if (input === null && output === null && readNumber(usage['total_tokens']) === null) return null
  const inputDetails =
    readRecord(
      usage['prompt_tokens_details'] ?? usage['input_tokens_details'] ?? usage['input_token_details'],
    ) ?? {}
  const outputDetails =
    readRecord(
      usage['completion_tokens_details'] ?? usage['output_tokens_details'] ?? usage['output_token_details'],
    ) ?? {}
  const inputTokens = input ?? Math.max(0, (readNumber(usage['total_tokens']) ?? 0) - (output ?? 0))
  return {
    inputTokens,
    outputTokens: output ?? 0,
    cacheReadTokens:
      count(inputDetails, 'cached_tokens') ??
      count(usage, 'prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens') ??
      0,
    cacheWriteTokens:
      count(inputDetails, 'cache_write_tokens', 'cache_creation_tokens') ??
      count(usage, 'cache_creation_input_tokens') ??
      0,
    cacheWriteOneHourTokens: 0,
    reasoningTokens: count(outputDetails, 'reasoning_tokens') ?? count(usage, 'reasoning_tokens') ?? 0,
    audioInputTokens: count(inputDetails, 'audio_tokens') ?? 0,
    audioOutputTokens: count(outputDetails, 'audio_tokens') ?? 0,
    searchCalls: count(usage, 'num_search_queries') ?? 0,
  }
}

function count(record: JsonRecord, ...names: readonly string[]): number | null {
  for (const name of names) {
    const value = readNumber(record[name])
    if (value !== null) return Math.max(0, value)
  }
  return null
}
