import type { ServiceTier } from './service-tier.ts'

/**
 * Token counts of one answer, the same meaning for every provider.
 * `inputTokens` includes cached and cache-written tokens; `outputTokens` includes reasoning.
 */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  /** The part of `cacheWriteTokens` with a one-hour lifetime. */
  readonly cacheWriteOneHourTokens: number
  readonly reasoningTokens: number
  readonly audioInputTokens: number
  readonly audioOutputTokens: number
  readonly searchCalls: number
  /** The tier the provider says it billed; absent for its standard one. */
  readonly serviceTier?: ServiceTier
  /** The counts are the gateway's own guess. */
  readonly isEstimate?: true
}

/** Usage with every count zero, to be overridden by what a provider reports. */
export const zeroUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWriteOneHourTokens: 0,
  reasoningTokens: 0,
  audioInputTokens: 0,
  audioOutputTokens: 0,
  searchCalls: 0,
}
