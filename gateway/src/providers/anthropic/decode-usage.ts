import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { withServiceTier } from '../../conversation/service-tier.ts'
import type { Usage } from '../../conversation/usage.ts'

/**
 * Usage of a Messages answer. The provider counts cached and cache-written tokens apart from `input_tokens`; here
 * they are part of the input. Null when there are no counts.
 */
export function decodeUsage(value: unknown): Usage | null {
  const usage = readRecord(value)
  if (usage === null) return null
  const input = readNumber(usage['input_tokens'])
  const output = readNumber(usage['output_tokens'])
  if (input === null && output === null) return null
  const creation = readRecord(usage['cache_creation'])
  const oneHour = readNumber(creation?.['ephemeral_1h_input_tokens']) ?? 0
  const fiveMinutes = readNumber(creation?.['ephemeral_5m_input_tokens']) ?? 0
  const cacheWriteTokens = readNumber(usage['cache_creation_input_tokens']) ?? oneHour + fiveMinutes
  const cacheReadTokens = readNumber(usage['cache_read_input_tokens']) ?? 0
  const counts = {
    inputTokens: (input ?? 0) + cacheReadTokens + cacheWriteTokens,
    outputTokens: output ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWriteOneHourTokens: oneHour,
    reasoningTokens: readNumber(readRecord(usage['output_tokens_details'])?.['thinking_tokens']) ?? 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
    searchCalls: readNumber(readRecord(usage['server_tool_use'])?.['web_search_requests']) ?? 0,
  }
  return withServiceTier(counts, usage['service_tier'])
}
