import type { Allowances, BudgetRule, RateRule } from './allowances.ts'
import { type BudgetPeriod, budgetPeriod } from './budget-period.ts'
import type { EstimatedUse } from './estimate-use.ts'
import type { BudgetClaim, SlotClaim, WindowClaim } from './limiter.ts'
import { amountOf, type UseLimit } from './use-limit.ts'

const longestKeepMs = 86_400_000
const keptBeyondEndMs = 600_000
/** A budget that only warns refuses nothing. */
const unlimited = Number.MAX_SAFE_INTEGER

/** Which tokens count against limits. */
export type CountedTokens = 'total' | 'input' | 'output'

/** One claim of a request, and the rule it comes from. */
export type Charge =
  | {
      readonly claim: WindowClaim | SlotClaim
      readonly rate: RateRule
      readonly budget: null
      readonly use: null
    }
  | {
      readonly claim: BudgetClaim
      readonly rate: null
      readonly use: null
      readonly budget: BudgetRule
      readonly period: BudgetPeriod
      /** Spend counts from this moment. */
      readonly since: number | null
    }
  | { readonly claim: BudgetClaim; readonly rate: null; readonly budget: null; readonly use: UseLimit }

export type BudgetCharge = Extract<Charge, { budget: BudgetRule }>
export type RateCharge = Extract<Charge, { rate: RateRule }>

export interface ChargeContext {
  readonly use: EstimatedUse
  readonly windowMs: number
  readonly counted: CountedTokens
  readonly timezone: string
  readonly now: number
  /** Whether its providers complain of too many calls. */
  readonly group: {
    readonly deployments: readonly { readonly state: { wasRateLimited(now: number): boolean } }[]
  }
}

/** What one rule asks of a call; what is the same for all calls is made once. */
export type ChargeTemplate =
  | {
      readonly kind: 'same'
      readonly charge: Charge
      /** In its place while the limit may be exceeded; null for a limit that never may. */
      readonly loose: Charge | null
    }
  | { readonly kind: 'tokens'; readonly subject: string; readonly rate: RateRule; readonly limit: number }
  | { readonly kind: 'budget'; readonly budget: BudgetRule }

/** What these rules ask of calls of a model. */
export function planCharges(
  { rates, budgets }: Allowances,
  concerns: (rule: { readonly model: string | null }) => boolean,
  windowMs: number,
): readonly ChargeTemplate[] {
  return [
    ...rates.filter(concerns).flatMap((rate) => templatesOfRate(rate, windowMs)),
    ...budgets.filter(concerns).map((budget) => ({ kind: 'budget', budget }) as const),
  ]
}

function templatesOfRate(rate: RateRule, windowMs: number): ChargeTemplate[] {
  const subject = `${rate.descriptor}:${rate.id}`
  const templates: ChargeTemplate[] = []
  const same = (claim: WindowClaim | SlotClaim): void => {
    const charge = { claim, rate, budget: null, use: null }
    const isDynamic = claim.kind === 'window' && rate.dynamic.includes(claim.metric)
    const loose = isDynamic ? { ...charge, claim: { ...claim, limit: unlimited } } : null
    templates.push({ kind: 'same', charge, loose })
  }
  if (rate.requests !== null)
    same({ kind: 'window', subject, metric: 'requests', amount: 1, limit: rate.requests, windowMs })
  if (rate.tokens !== null) templates.push({ kind: 'tokens', subject, rate, limit: rate.tokens })
  if (rate.parallel !== null) same({ kind: 'slot', subject, limit: rate.parallel })
  return templates
}

/** Null for a budget that does not concern a free call. */
export function chargeOf(template: ChargeTemplate, context: ChargeContext): Charge | null {
  if (template.kind === 'same')
    return template.loose !== null && !isStrained(context) ? template.loose : template.charge
  if (template.kind === 'budget') return chargeOfBudget(template.budget, context)
  const { subject, rate } = template
  const limit = rate.dynamic.includes('tokens') && !isStrained(context) ? unlimited : template.limit
  const amount = Math.max(1, countTokens(context.use, context.counted))
  const claim = {
    kind: 'window',
    subject,
    metric: 'tokens',
    amount,
    limit,
    windowMs: context.windowMs,
  } as const
  return { claim, rate, budget: null, use: null }
}

/** Whether a provider of the model has refused calls for their number lately. */
const isStrained = ({ group, now }: ChargeContext): boolean =>
  group.deployments.some(({ state }) => state.wasRateLimited(now))

/** Null where the call is free. An unknown price is charged as next to nothing, so that only exhausted budgets refuse. */
function chargeOfBudget(budget: BudgetRule, context: ChargeContext): Charge | null {
  const { use, now, timezone } = context
  if (use.cost === 0) return null
  const { period, since, subject } = accountOf(budget, now, timezone)
  const endsIn = period.endsAt === null ? longestKeepMs : period.endsAt - now + keptBeyondEndMs
  const claim: BudgetClaim = {
    kind: 'budget',
    subject,
    amount: use.cost ?? 1,
    limit: limitOf(budget, now) ?? unlimited,
    spent: null,
    keepMs: Math.min(longestKeepMs, endsIn),
  }
  return { claim, rate: null, use: null, budget, period, since }
}

/** What a limit on use asks of a call. Short windows begin at nothing where nobody knows better. */
export function chargeOfUse(limit: UseLimit, use: EstimatedUse, now: number): Charge {
  const { account, metric } = limit
  const endsIn = account.endsAt === null ? longestKeepMs : account.endsAt - now + keptBeyondEndMs
  const claim: BudgetClaim = {
    kind: 'quota',
    subject: account.group === '' ? account.subject : `${account.subject}:${account.group}`,
    amount: amountOf(metric, use, limit.priceOfThousand),
    limit: limit.limit ?? unlimited,
    spent: limit.isKept ? null : 0,
    keepMs: Math.min(longestKeepMs, endsIn),
  }
  return { claim, rate: null, budget: null, use: limit }
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
  const period = budgetPeriod(budget.duration, budget.createdAt, now, timezone)
  const setAt = budget.base?.at ?? null
  if (period.startsAt === null || setAt === null) return { period, since: period.startsAt ?? setAt }
  return { period, since: Math.max(period.startsAt, setAt) }
}

interface BudgetAccount {
  readonly period: BudgetPeriod
  readonly since: number | null
  /** Its name at the limiter. */
  readonly subject: string
}

const accounts = new WeakMap<BudgetRule, BudgetAccount>()

/** The calendar is asked once a period. */
function accountOf(budget: BudgetRule, now: number, timezone: string): BudgetAccount {
  const known = accounts.get(budget)
  if (known !== undefined && (known.period.endsAt === null || now < known.period.endsAt)) return known
  const { period, since } = spendingPeriod(budget, now, timezone)
  const subject = `budget:${budget.scope}:${budget.id}:${budget.duration ?? ''}:${since ?? ''}`
  const account = { period, since, subject }
  accounts.set(budget, account)
  return account
}
