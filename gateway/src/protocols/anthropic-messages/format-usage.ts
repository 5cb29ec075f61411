import type { Usage } from '../../conversation/usage.ts'

/**
 * Usage in this dialect's terms: `input_tokens` leaves out what was read from or written to the cache. Every count is
 * an integer, also those the provider does not know, because clients add them up.
 */
export function formatUsage(usage: Usage): Record<string, unknown> {
  const { cacheWriteTokens, cacheWriteOneHourTokens, serviceTier } = usage
  return {
    ...formatFinalUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: Math.max(0, cacheWriteTokens - cacheWriteOneHourTokens),
      ephemeral_1h_input_tokens: cacheWriteOneHourTokens,
    },
    service_tier: serviceTier === 'flex' ? null : (serviceTier ?? null),
    inference_geo: null,
    speed: null,
  }
}

/** The fewer members that the end of a stream has. */
export function formatFinalUsage(usage: Usage): Record<string, unknown> {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, searchCalls } = usage
  return {
    input_tokens: Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cacheReadTokens,
    output_tokens: usage.outputTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
    server_tool_use: searchCalls === 0 ? null : { web_search_requests: searchCalls, web_fetch_requests: 0 },
  }
}
