import { GatewayError } from '@routeiq/contract'
import { type BudgetCharge, type Charge, limitOf, type RateCharge } from './charges.ts'
import type { Standing } from './limiter.ts'

const nanoPerUsd = 1e9
const longestRetrySeconds = 3_600

/** Why a request was not admitted. `shown` are the headers that tell where its limits stand. */
export function refusal(
  charge: Charge,
  standing: Standing,
  now: number,
  shown: Readonly<Record<string, string>>,
): GatewayError {
  if (charge.use !== null) return charge.use.refuse(standing.used + standing.held, now)
  return charge.rate === null
    ? budgetRefusal(charge, standing, now, shown)
    : rateRefusal(charge, standing, now, shown)
}

function budgetRefusal(
  { budget, period }: BudgetCharge,
  { used }: Standing,
  now: number,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const spend = used / nanoPerUsd
  const max = (limitOf(budget, now) ?? 0) / nanoPerUsd
  const message =
    budget.scope === 'personal'
      ? `ExceededBudget: User=${budget.id} over budget. Spend=${spend}, Budget=${max}`
      : `Budget has been exceeded! Current cost: ${spend}, Max budget: ${max}`
  const resetSeconds = period.endsAt === null ? longestRetrySeconds : (period.endsAt - now) / 1_000
  return new GatewayError('budget_exceeded', message, {
    retryAfterSeconds: Math.max(1, Math.min(longestRetrySeconds, resetSeconds)),
    headers,
    extras: {
      scope: scopeNames[budget.scope] ?? budget.scope,
      spend,
      max_budget: max,
      budget_reset_at: period.endsAt === null ? null : new Date(period.endsAt).toISOString(),
    },
  })
}

const scopeNames: Readonly<Partial<Record<string, string>>> = {
  personal: 'user',
  member: 'team_member',
  key_model: 'model_per_key',
}

function rateRefusal(
  { claim, rate }: RateCharge,
  { used, resetsInMs }: Standing,
  now: number,
  shown: Readonly<Record<string, string>>,
): GatewayError {
  const type = claim.kind === 'slot' ? 'max_parallel_requests' : claim.metric
  const seconds = claim.kind === 'slot' ? 1 : Math.max(1, Math.ceil(resetsInMs / 1_000))
  const resetAt = new Date(now + seconds * 1_000)
  const remaining = claim.kind === 'slot' ? 0 : Math.max(0, claim.limit - used)
  const message =
    `Rate limit exceeded for ${rate.descriptor}: ${rate.shown}. Limit type: ${type}. ` +
    `Current limit: ${claim.limit}, Remaining: ${remaining}. ` +
    `Limit resets at: ${resetAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`
  return new GatewayError('rate_limit_exceeded', message, {
    retryAfterSeconds: seconds,
    headers: { ...shown, rate_limit_type: type, reset_at: String(Math.floor(resetAt.getTime() / 1_000)) },
    extras: { rate_limit_type: type, limit: claim.limit, remaining, reset_at: resetAt.toISOString() },
  })
}
