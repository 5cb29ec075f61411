import type { RoutingConfig } from '../config/config.ts'
import type { ModelGroup } from '../deployments/deployment.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import { failureRules } from './failure-rules.ts'

const maxRetryAfterMs = 60_000
const firstDelayMs = 500
const maxDelayMs = 8000

/** Retries already made at the current `order` level. */
export interface RetryCount {
  readonly total: number
  readonly afterTimeout: number
}

/**
 * Whether the number of retries allows another one: the request's number, else the policy for the failure's class,
 * else the group's, else the router's. A class named in a policy is retried that often even when the table would not;
 * without one, a timeout is retried once.
 */
export function allowsRetry(
  failure: UpstreamFailure,
  group: ModelGroup,
  routing: RoutingConfig,
  requested: number | null,
  made: RetryCount,
): boolean {
  const rule = failureRules[failure.kind]
  const policies = [routing.modelGroupRetryPolicy[group.name], routing.retryPolicy]
  const byClass = firstDefined(policies, rule.policyClass === null ? null : `${rule.policyClass}Retries`)
  if (rule.retry === 'never' && byClass === null) return false
  if (rule.retry === 'once' && byClass === null && made.afterTimeout > 0) return false
  const general = firstDefined(policies, 'DefaultRetries') ?? group.numRetries ?? routing.numRetries
  return made.total < (requested ?? byClass ?? general)
}

function firstDefined(
  policies: readonly (Readonly<Record<string, number>> | undefined)[],
  field: string | null,
): number | null {
  if (field === null) return null
  for (const policy of policies) {
    const value = policy?.[field]
    if (value !== undefined) return value
  }
  return null
}

/**
 * Milliseconds to wait before the same deployment is tried again: what the provider asked for (up to a minute), else
 * 500 ms doubled for each retry made, ± 25 %, at most 8 s; never less than `retry_after`.
 */
export function computeBackoff(
  failure: UpstreamFailure,
  retriesMade: number,
  minimumMs: number,
  random: () => number,
): number {
  const asked = failure.retryAfterMs
  if (asked !== null && asked <= maxRetryAfterMs) return Math.max(asked, minimumMs)
  const base = Math.min(firstDelayMs * 2 ** retriesMade, maxDelayMs)
  return Math.max(minimumMs, Math.min(maxDelayMs, Math.round(base * (0.75 + random() * 0.5))))
}
