import type { GovernanceConfig } from '../config/config.ts'
import type { Allowances, BudgetRule, RateRule } from './allowances.ts'
import { type BudgetPeriod, budgetPeriod } from './budget-period.ts'
import type { EstimatedUse } from './estimate-use.ts'
import { WindowLines } from './limit-headers.ts'
import type { BudgetClaim, SlotClaim, WindowClaim } from './limiter.ts'
import { amountOf, type UseLimit } from './use-limit.ts'

const longestKeepMs = 86_400_000
const keptBeyondEndMs = 600_000
/** A budget that only warns refuses nothing. */
const unlimited = Number.MAX_SAFE_INTEGER

/** Which tokens count against limits. */
export type CountedTokens = 'total' | 'input' | 'output'

/** One claim of a request, and the rule it comes from. All have all members, so that whoever looks at them meets one class. */
export type Charge =
  | {
      readonly claim: WindowClaim | SlotClaim
      readonly rate: RateRule
      readonly budget: null
      readonly use: null
      readonly period: null
      readonly since: null
      /** Null for places at the same time. */
      readonly lines: WindowLines | null
    }
  | {
      readonly claim: BudgetClaim
      readonly rate: null
      readonly budget: BudgetRule
      readonly use: null
      readonly period: BudgetPeriod
      /** Spend counts from this moment. */
      readonly since: number | null
      readonly lines: null
    }
  | {
      readonly claim: BudgetClaim
      readonly rate: null
      readonly budget: null
      readonly use: UseLimit
      readonly period: null
      readonly since: null
      readonly lines: null
    }

export type BudgetCharge = Extract<Charge, { budget: BudgetRule }>
export type RateCharge = Extract<Charge, { rate: RateRule }>

/** Settings that what is charged depends on. */
export type ChargeSettings = Pick<GovernanceConfig, 'countedTokens' | 'timezone'>

/** What tells whether the providers of a model complain of too many calls. */
export interface StrainedGroup {
  readonly deployments: readonly { readonly state: { wasRateLimited(now: number): boolean } }[]
}

/** What one rule asks of a call; what is the same for all calls is made once. */
export type ChargeTemplate =
  | {
      readonly kind: 'same'
      readonly charge: Charge
      /** In its place while the limit may be exceeded; null for a limit that never may. */
      readonly loose: Charge | null
    }
  | {
      readonly kind: 'tokens'
      readonly subject: string
      readonly rate: RateRule
      readonly limit: number
      readonly windowMs: number
      readonly isDynamic: boolean
      readonly lines: WindowLines
    }
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
    const lines = claim.kind === 'window' ? new WindowLines(claim.metric, claim.limit) : null
    const isDynamic = claim.kind === 'window' && rate.dynamic.includes(claim.metric)
    const loose = isDynamic ? chargeOfRate({ ...claim, limit: unlimited }, rate, lines) : null
    templates.push({ kind: 'same', charge: chargeOfRate(claim, rate, lines), loose })
  }
  if (rate.requests !== null) same(claimWindow(subject, 'requests', 1, rate.requests, windowMs))
  if (rate.tokens !== null) {
    const isDynamic = rate.dynamic.includes('tokens')
    const lines = new WindowLines('tokens', rate.tokens)
    templates.push({ kind: 'tokens', subject, rate, limit: rate.tokens, windowMs, isDynamic, lines })
  }
  if (rate.parallel !== null) same({ kind: 'slot', subject, limit: rate.parallel })
  return templates
}

/** Null for a budget that does not concern a free call. */
export function chargeOf(
  template: ChargeTemplate,
  use: EstimatedUse,
  { countedTokens, timezone }: ChargeSettings,
  group: StrainedGroup,
  now: number,
): Charge | null {
  if (template.kind === 'same')
    return template.loose !== null && !isStrained(group, now) ? template.loose : template.charge
  if (template.kind === 'budget') return chargeOfBudget(template.budget, use, timezone, now)
  const { subject, rate, windowMs, isDynamic, lines } = template
  const limit = isDynamic && !isStrained(group, now) ? unlimited : template.limit
  const amount = Math.max(1, countTokens(use, countedTokens))
  return chargeOfRate(claimWindow(subject, 'tokens', amount, limit, windowMs), rate, lines)
}

/** Whether a provider of the model has refused calls for their number lately. */
const isStrained = ({ deployments }: StrainedGroup, now: number): boolean =>
  deployments.some(({ state }) => state.wasRateLimited(now))

/** At one place, as what follows, so that all of them are of one class. */
function claimWindow(
  subject: string,
  metric: WindowClaim['metric'],
  amount: number,
  limit: number,
  windowMs: number,
): WindowClaim {
  return { kind: 'window', subject, metric, amount, limit, windowMs }
}

function chargeOfRate(claim: WindowClaim | SlotClaim, rate: RateRule, lines: WindowLines | null): RateCharge {
  return { claim, rate, budget: null, use: null, period: null, since: null, lines }
}

function claimBudget(
  kind: BudgetClaim['kind'],
  subject: string,
  amount: number,
  limit: number,
  spent: number | null,
  endsInMs: number | null,
): BudgetClaim {
  const keepMs = endsInMs === null ? longestKeepMs : Math.min(longestKeepMs, endsInMs + keptBeyondEndMs)
  return { kind, subject, amount, limit, spent, keepMs }
}

/** Null where the call is free. An unknown price is charged as next to nothing, so that only exhausted budgets refuse. */
function chargeOfBudget(
  budget: BudgetRule,
  use: EstimatedUse,
  timezone: string,
  now: number,
): BudgetCharge | null {
  if (use.cost === 0) return null
  const { period, since, subject } = accountOf(budget, now, timezone)
  const endsInMs = period.endsAt === null ? null : period.endsAt - now
  const limit = limitOf(budget, now) ?? unlimited
  const claim = claimBudget('budget', subject, use.cost ?? 1, limit, null, endsInMs)
  return { claim, rate: null, budget, use: null, period, since, lines: null }
}

/** What a limit on use asks of a call. Short windows begin at nothing where nobody knows better. */
export function chargeOfUse(limit: UseLimit, use: EstimatedUse, now: number): Charge {
  const { account, metric } = limit
  const subject = account.group === '' ? account.subject : `${account.subject}:${account.group}`
  const amount = amountOf(metric, use, limit.priceOfThousand)
  const endsInMs = account.endsAt === null ? null : account.endsAt - now
  const spent = limit.isKept ? null : 0
  const claim = claimBudget('quota', subject, amount, limit.limit ?? unlimited, spent, endsInMs)
  return { claim, rate: null, budget: null, use: limit, period: null, since: null, lines: null }
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
