import type { BudgetRule, RateRule } from './allowances.ts'
import { type BudgetPeriod, budgetPeriod } from './budget-period.ts'
import type { EstimatedUse } from './estimate-use.ts'
import type { BudgetClaim, Claim, SlotClaim, WindowClaim } from './limiter.ts'

const longestKeepMs = 86_400_000
const keptBeyondEndMs = 600_000
/** A budget that only warns refuses nothing. */
const unlimited = Number.MAX_SAFE_INTEGER

/** Which tokens count against limits. */
export type CountedTokens = 'total' | 'input' | 'output'

/** One claim of a request, and the rule it comes from. */
export type Charge =
  | { readonly claim: WindowClaim | SlotClaim; readonly rate: RateRule; readonly budget: null }
  | {
      readonly claim: BudgetClaim
      readonly rate: null
      readonly budget: BudgetRule
      readonly period: BudgetPeriod
      /** Spend counts from this moment. */
      readonly since: number | null
    }

export interface ChargeContext {
  readonly use: EstimatedUse
  readonly windowMs: number
  readonly counted: CountedTokens
  readonly timezone: string
  readonly now: number
}

export function chargesOfRate(rate: RateRule, { use, windowMs, counted }: ChargeContext): Charge[] {
  const subject = `${rate.descriptor}:${rate.id}`
  const claims: Charge['claim'][] = []
  const window = { kind: 'window', subject, windowMs } as const
  if (rate.requests !== null) claims.push({ ...window, metric: 'requests', amount: 1, limit: rate.requests })
  if (rate.tokens !== null)
    claims.push({
      ...window,
      metric: 'tokens',
      amount: Math.max(1, countTokens(use, counted)),
      limit: rate.tokens,
    })
  if (rate.parallel !== null) claims.push({ kind: 'slot', subject, limit: rate.parallel })
  return claims.map((claim) => ({ claim, rate, budget: null }) as Charge)
}

/** Null where the call is free. An unknown price is charged as next to nothing, so that only exhausted budgets refuse. */
export function chargeOfBudget(budget: BudgetRule, context: ChargeContext): Charge | null {
  const { use, now, timezone } = context
  if (use.cost === 0) return null
  const { period, since } = spendingPeriod(budget, now, timezone)
  const endsIn = period.endsAt === null ? longestKeepMs : period.endsAt - now + keptBeyondEndMs
  const claim: Claim = {
    kind: 'budget',
    subject: `budget:${budget.scope}:${budget.id}:${budget.duration ?? ''}:${since ?? ''}`,
    amount: use.cost ?? 1,
    limit: limitOf(budget, now) ?? unlimited,
    spent: null,
    keepMs: Math.min(longestKeepMs, endsIn),
  }
  return { claim, rate: null, budget, period, since }
}

/** Nano-USD now, a temporary increase included; null for a budget that only warns. */
export function limitOf({ max, increase }: BudgetRule, now: number): number | null {
  if (max === null || increase === null || now >= increase.until) return max
  return max + increase.amount
}

/** What was set by hand counts in the period in which it was set. */
export function baseSpend({ base }: BudgetRule, { startsAt }: BudgetPeriod): number {
  return base === null || (startsAt !== null && startsAt > base.at) ? 0 : base.spent
}

export function countTokens(
  { inputTokens, outputTokens }: Pick<EstimatedUse, 'inputTokens' | 'outputTokens'>,
  counted: CountedTokens,
): number {
  if (counted === 'input') return inputTokens
  return counted === 'output' ? outputTokens : inputTokens + outputTokens
}

/** The budget's period, and the moment its spend counts from, which is later where spend was set by hand since. */
export function spendingPeriod(
  budget: BudgetRule,
  now: number,
  timezone: string,
): { readonly period: BudgetPeriod; readonly since: number | null } {
  const period = periodOf(budget, now, timezone)
  const setAt = budget.base?.at ?? null
  if (period.startsAt === null || setAt === null) return { period, since: period.startsAt ?? setAt }
  return { period, since: Math.max(period.startsAt, setAt) }
}

const periods = new WeakMap<BudgetRule, BudgetPeriod>()

/** The calendar is asked once a period. */
function periodOf(budget: BudgetRule, now: number, timezone: string): BudgetPeriod {
  const known = periods.get(budget)
  if (known !== undefined && (known.endsAt === null || now < known.endsAt)) return known
  const period = budgetPeriod(budget.duration, budget.createdAt, now, timezone)
  periods.set(budget, period)
  return period
}
