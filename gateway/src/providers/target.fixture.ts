import type { ProviderProfile, WireTarget } from './wire.ts'

/** A target for tests with the gateway's default settings. */
export function sampleTarget(
  provider: ProviderProfile,
  upstreamModel: string,
  members: Partial<WireTarget> = {},
): WireTarget {
  return {
    provider,
    upstreamModel,
    dropParams: false,
    modifyParams: false,
    maxOutputTokens: 4096,
    supports: {},
    thinkingBudgets: { minimal: 1024, low: 1024, medium: 2048, high: 4096 },
    ...members,
  }
}
