import type { RoutingConfig } from '../config/config.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { failureRules } from './failure-rules.ts'
import type { ProviderBreakers } from './provider-breakers.ts'

/** The breakers where the configuration has them, else null. */
export function breakersInForce(
  { providerBreakers }: RoutingConfig,
  breakers: ProviderBreakers,
): ProviderBreakers | null {
  return providerBreakers === null ? null : breakers
}

/**
 * What one attempt says about its provider, where providers have circuit breakers. An answer counts for it, whatever it
 * says: only broken connections, timeouts, 408, 429 and 5xx count against it. `failure` is null for a good answer.
 */
export function judgeProvider(
  attempt: { readonly provider: string; readonly trial: boolean },
  failure: UpstreamFailure | null,
  routing: RoutingConfig,
  breakers: ProviderBreakers,
  now: number,
): void {
  if (routing.providerBreakers === null) return
  const { provider, trial } = attempt
  const limits = routing.providerBreakers.byProvider[provider] ?? routing.providerBreakers.limits
  const isFailure = failure !== null && countsAgainstProvider(failure)
  if (trial && isFailure) breakers.failTrial(provider, limits, now)
  else if (trial) breakers.passTrial(provider, limits)
  else if (isFailure) breakers.recordFailure(provider, limits, now)
}

function countsAgainstProvider({ kind, status }: UpstreamFailure): boolean {
  if (failureRules[kind].cooldown === 'none') return false
  return status === 0 || status === 408 || status === 429 || status >= 500
}
