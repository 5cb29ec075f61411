import { GatewayError } from '@routeiq/contract'
import type { GovernanceConfig } from '../config/config.ts'
import type { Caller } from '../identity/caller.ts'
import type { SpendTotals } from '../storage/spend-totals.ts'
import {
  type Allowances,
  type BudgetRule,
  defaultCustomerBudget,
  noAllowances,
  proxyBudget,
} from './allowances.ts'
import { ChargePlans } from './charge-plans.ts'
import {
  type BudgetCharge,
  baseSpend,
  type Charge,
  type CountedTokens,
  chargeOf,
  chargeOfUse,
  countTokens,
} from './charges.ts'
import { sumSince } from './current-spend.ts'
import { type CallShape, estimateUse } from './estimate-use.ts'
import { limitLines, toHeaders } from './limit-headers.ts'
import type { BudgetClaim, Claim, Limiter, Settlement, Standing, Verdict } from './limiter.ts'
import { OutputEstimates } from './output-estimates.ts'
import { refusal } from './refusals.ts'
import type { CachedSubject, SubjectCache } from './subject-cache.ts'
import type { UseCounters } from './use-counters.ts'
import { amountOf, type UseLimit } from './use-limit.ts'

const picoPerNano = 1_000n
const renewEveryMs = 60_000
/** How long spend is taken from the limiter alone before the ledger is asked whether it knows of more. */
const trustMs = 10_000
const maxRemembered = 50_000

/** One call that wants to be made. */
export interface GovernedCall extends CallShape {
  readonly caller: Caller
  readonly requestedModel: string
  readonly endUser: string | null
  readonly tags: readonly string[]
  /** The documented template of its route; null for calls of no route of their own. */
  readonly route: string | null
  /** Where it comes from; null where that is not known. */
  readonly address: string | null
}

/** What an answered call used; null where nothing is known. */
export interface RealUse {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costPico: bigint | null
}

/** What an admitted call holds until it is settled, once. */
export interface Reservation {
  /** Where the limits stand, as head lines. */
  readonly lines: string
  /** Some of them are rate limits. */
  readonly hasRates: boolean
  /** `use` is null for a call that used nothing; `isMade` is false when nobody was asked. */
  settle(use: RealUse | null, isMade?: boolean): void
}

export interface GovernorOptions {
  readonly limiter: Limiter
  readonly totals: Pick<SpendTotals, 'spentSince'>
  readonly subjects: SubjectCache
  readonly settings: () => GovernanceConfig
  /** Quotas and usage policies that concern a call. */
  readonly useLimits: (call: GovernedCall, now: number) => readonly UseLimit[]
  readonly counters: Pick<UseCounters, 'add' | 'read'>
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A budget is spent as far as somebody wanted to be told. Spend is nano-USD. */
  readonly onSoftBudget: (budget: BudgetRule, spent: number) => void
  readonly onError: (error: unknown) => void
  /** A call passed although nobody could say what was used before. */
  readonly onUncounted: () => void
}

/**
 * Holds calls to the limits of everybody they are made for: reserves an estimate before the call, on all of them or on
 * none, and settles what it really used afterwards. A call nobody limits costs a few comparisons.
 */
export class Governor {
  readonly #options: GovernorOptions
  readonly #outputs = new OutputEstimates()
  /** Calls that hold something, by id: what they hold and since when. */
  readonly #live = new Map<string, { readonly subjects: readonly string[]; readonly since: number }>()
  readonly #plans = new ChargePlans()
  readonly #checkedAt = new Map<string, number>()
  readonly #warned = new Set<string>()
  #proxy: { readonly settings: GovernanceConfig; readonly allowances: Allowances } | null = null
  #renewal: NodeJS.Timeout | null = null

  constructor(options: GovernorOptions) {
    this.#options = options
  }

  /** Errors: 429 `budget_exceeded` and `rate_limit_exceeded`, 403 for a blocked customer. Null when nothing limits the call. */
  admit(call: GovernedCall): Reservation | null | Promise<Reservation | null> {
    const own = this.#ownAllowances(call.caller)
    const others = this.#otherAllowances(call)
    const uses = this.#options.useLimits(call, this.#options.now())
    if (others instanceof Promise)
      return others.then((found) => this.#admitUnder([...own, ...found], uses, call))
    if (own.length + others.length + uses.length === 0) return null
    return this.#admitUnder([...own, ...others], uses, call)
  }

  /** Ends the renewal of what is held. */
  close(): void {
    if (this.#renewal !== null) clearInterval(this.#renewal)
    this.#renewal = null
  }

  #ownAllowances({ allowances }: Caller): readonly Allowances[] {
    const proxy = this.#proxyAllowances()
    if (allowances === noAllowances && proxy === noAllowances) return nothing
    return proxy === noAllowances ? [allowances] : [allowances, proxy]
  }

  #proxyAllowances(): Allowances {
    const settings = this.#options.settings()
    if (this.#proxy?.settings === settings) return this.#proxy.allowances
    const budget = proxyBudget(settings.maxBudgetUsd, settings.budgetDuration)
    const allowances = budget === null ? noAllowances : { rates: [], budgets: [budget] }
    this.#proxy = { settings, allowances }
    return allowances
  }

  /** Those of the customer and the tags of the call. */
  #otherAllowances(call: GovernedCall): readonly Allowances[] | Promise<readonly Allowances[]> {
    const { subjects } = this.#options
    const customer = this.#customerOf(call)
    const tags = subjects.has('tag') ? [...new Set([...call.caller.tags, ...call.tags])] : nothing
    if (customer === null && tags.length === 0) return nothing
    const found = tags.map((tag) => subjects.get('tag', tag))
    if (customer instanceof Promise || found.some((tag) => tag instanceof Promise))
      return Promise.all([customer, ...found]).then((all) => collect(all))
    return collect([customer, ...(found as (CachedSubject | null)[])])
  }

  #customerOf({ endUser }: GovernedCall): Allowances | null | Promise<Allowances | null> {
    if (endUser === null) return null
    const { maxEndUserBudgetUsd } = this.#options.settings()
    const allowancesOf = (found: CachedSubject | null): Allowances | null => {
      if (found?.record.blocked === true)
        throw new GatewayError('permission_denied', `The customer ${endUser} is blocked.`, { param: 'user' })
      if (found !== null || maxEndUserBudgetUsd === null) return found?.allowances ?? null
      return { rates: [], budgets: [defaultCustomerBudget(endUser, maxEndUserBudgetUsd)] }
    }
    const found = this.#options.subjects.get('customer', endUser)
    return found instanceof Promise ? found.then(allowancesOf) : allowancesOf(found)
  }

  #admitUnder(
    allowances: readonly Allowances[],
    uses: readonly UseLimit[],
    call: GovernedCall,
  ): Reservation | null | Promise<Reservation | null> {
    const { now, newId, settings, limiter } = this.#options
    const group = call.group.name
    const use = estimateUse(call, (maxTokens) => this.#outputs.expect(group, maxTokens))
    const { windowMs, timezone, countedTokens: counted } = settings()
    const context = { use, windowMs, counted, timezone, now: now() }
    const charges: Charge[] = []
    const claims: Claim[] = []
    for (const template of this.#plans.find(allowances, call, windowMs)) {
      const charge = chargeOf(template, context)
      if (charge === null || (charge.rate === null && isRepeated(charge, claims))) continue
      charges.push(charge)
      claims.push(charge.claim)
    }
    for (const limit of uses) {
      const charge = chargeOfUse(limit, use, context.now)
      charges.push(charge)
      claims.push(charge.claim)
    }
    if (charges.length === 0) return null
    const id = newId()
    const verdict = limiter.claim(id, claims)
    if (verdict instanceof Promise || verdict.unknown.length > 0)
      return this.#askAgain(id, charges, verdict).then((known) => this.#conclude(id, charges, known, group))
    return this.#conclude(id, charges, verdict, group)
  }

  /** Errors: the refusal of the first limit without room. */
  #conclude(id: string, charges: readonly Charge[], verdict: Verdict, group: string): Reservation {
    const { now } = this.#options
    const lines = limitLines(charges, verdict.standings, now())
    const { refusedBy } = verdict
    if (refusedBy !== null) {
      const refused = charges[refusedBy] as Charge
      throw refusal(refused, verdict.standings[refusedBy] as Standing, now(), toHeaders(lines))
    }
    if (verdict.isAlone === true) this.#requireCounted(id, charges)
    this.#watch(charges, verdict)
    const hasRates = charges.some(({ claim }) => claim.kind === 'window')
    return { lines, hasRates, settle: this.#hold(id, charges, verdict, group) }
  }

  /** Errors: 503 of a limit that lets nothing pass which only this process has counted; nothing is held then. */
  #requireCounted(id: string, charges: readonly Charge[]): void {
    const counting = charges.find(({ use }) => use?.failsClosed === true)?.use
    if (counting == null) {
      if (charges.some(({ use }) => use !== null)) this.#options.onUncounted()
      return
    }
    const nothing = charges.flatMap(({ claim: { kind, subject } }) =>
      kind === 'window' ? [] : [{ kind, subject, amount: 0 }],
    )
    void this.#options.limiter.settle(id, nothing)
    throw counting.unavailable(null)
  }

  /** A limiter that does not know what is spent is told from the ledger. */
  async #askAgain(
    id: string,
    charges: readonly Charge[],
    first: Verdict | Promise<Verdict>,
  ): Promise<Verdict> {
    const verdict = await first
    if (verdict.unknown.length === 0) return verdict
    const known = charges.map(async (charge) => {
      if (charge.use !== null) return { ...charge.claim, spent: await this.#usedOf(charge.use) }
      return charge.rate === null ? { ...charge.claim, spent: await this.#spentOf(charge) } : charge.claim
    })
    return this.#options.limiter.claim(id, await Promise.all(known))
  }

  async #usedOf(limit: UseLimit): Promise<number> {
    if (!limit.isKept) return 0
    try {
      return await this.#options.counters.read(limit.account)
    } catch (error) {
      if (limit.failsClosed) throw limit.unavailable(error)
      this.#options.onUncounted()
      return 0
    }
  }

  async #spentOf({ budget, period, since }: BudgetCharge): Promise<number> {
    const { totals, settings } = this.#options
    try {
      return baseSpend(budget, period) + (await sumSince(totals, budget, since))
    } catch (error) {
      if (settings().failsClosed) throw error
      this.#options.onError(error)
      return baseSpend(budget, period)
    }
  }

  /** Returns what settles the call. */
  #hold(
    id: string,
    charges: readonly Charge[],
    { standings }: Verdict,
    group: string,
  ): Reservation['settle'] {
    const { now, settings, limiter, onError } = this.#options
    const takenAt = now()
    const counted = settings().countedTokens
    const holding: string[] = []
    for (const { claim } of charges) if (claim.kind !== 'window') holding.push(claim.subject)
    if (holding.length > 0) this.#keep(id, holding, takenAt)
    return (real, isMade = true) => {
      this.#live.delete(id)
      if (real !== null && real.outputTokens > 0) this.#outputs.learn(group, real.outputTokens)
      const settlements: Settlement[] = []
      for (const [index, charge] of charges.entries()) {
        const isOver = now() >= takenAt + (standings[index]?.resetsInMs ?? 0)
        const settlement =
          charge.use === null
            ? settleClaim(charge.claim, isOver, real, counted)
            : this.#settleUse(charge.use, charge.claim, real, isMade)
        if (settlement !== null) settlements.push(settlement)
      }
      if (settlements.length === 0) return
      const settled = limiter.settle(id, settlements)
      if (settled instanceof Promise) settled.catch(onError)
    }
  }

  #settleUse(limit: UseLimit, claim: BudgetClaim, real: RealUse | null, isMade: boolean): Settlement {
    const amount = isMade ? usedOf(limit, claim, real) : 0
    if (limit.isKept) this.#options.counters.add(limit.account, amount)
    return { kind: claim.kind, subject: claim.subject, amount }
  }

  #keep(id: string, subjects: readonly string[], since: number): void {
    this.#live.set(id, { subjects, since })
    this.#renewal ??= setInterval(() => this.#renew(), renewEveryMs).unref()
  }

  #renew(): void {
    const { now, limiter, onError } = this.#options
    for (const [id, { subjects, since }] of this.#live)
      if (now() - since >= renewEveryMs) limiter.renew(id, subjects).catch(onError)
  }

  /** Warns of soft budgets, and compares what the limiter believes with the ledger from time to time. */
  #watch(charges: readonly Charge[], { standings }: Verdict): void {
    const { onSoftBudget, counters } = this.#options
    for (const [index, charge] of charges.entries()) {
      if (charge.rate !== null) continue
      const { used: spent = 0, held = 0 } = standings[index] ?? {}
      if (charge.use !== null) {
        charge.use.onAdmitted(spent + held)
        if (charge.use.isKept) this.#correct(charge.claim.subject, () => counters.read(charge.use.account))
        continue
      }
      const { budget, claim } = charge
      if (budget.soft !== null && spent >= budget.soft && !this.#warned.has(claim.subject)) {
        if (this.#warned.size >= maxRemembered) this.#warned.clear()
        this.#warned.add(claim.subject)
        onSoftBudget(budget, spent)
      }
      this.#correct(claim.subject, () => this.#spentOf(charge))
    }
  }

  /** Tells the limiter from time to time what the database knows. */
  #correct(subject: string, read: () => Promise<number>): void {
    const { now, limiter, onError } = this.#options
    const checkedAt = this.#checkedAt.get(subject)
    if (checkedAt !== undefined && now() - checkedAt < trustMs) return
    if (this.#checkedAt.size >= maxRemembered) this.#checkedAt.clear()
    this.#checkedAt.set(subject, now())
    if (checkedAt === undefined) return
    read()
      .then((known) => limiter.raiseSpent(subject, known))
      .catch(onError)
  }
}

const nothing: readonly never[] = []

function collect(found: readonly (Allowances | CachedSubject | null)[]): Allowances[] {
  return found.flatMap((entry) => {
    const allowances = entry !== null && 'record' in entry ? entry.allowances : entry
    return allowances === null || allowances === noAllowances ? [] : [allowances]
  })
}

/** Of two budgets with one account the first counts, which is made so that it is the stricter. */
function isRepeated({ claim }: Charge, claims: readonly Claim[]): boolean {
  return claims.some(({ kind, subject }) => kind === 'budget' && subject === claim.subject)
}

/** Null where nothing has to be corrected: what was counted of a window that is over is gone with it. */
function settleClaim(
  claim: Claim,
  isOver: boolean,
  real: RealUse | null,
  counted: CountedTokens,
): Settlement | null {
  const { kind, subject } = claim
  if (kind === 'slot') return { kind, subject, amount: 0 }
  if (claim.kind !== 'window') return { kind, subject, amount: toNano(real?.costPico ?? null) }
  if (claim.metric === 'requests' || isOver) return null
  const amount = (real === null ? 0 : countTokens(real, counted)) - claim.amount
  return amount === 0 ? null : { kind, subject, amount }
}

/** What a call used of a limit. Without a correction it is what was estimated. */
function usedOf(
  { metric, reconciles, priceOfThousand }: UseLimit,
  claim: BudgetClaim,
  real: RealUse | null,
): number {
  if (metric === 'requests' || !reconciles) return claim.amount
  if (real === null) return 0
  const cost = real.costPico === null ? null : toNano(real.costPico)
  return amountOf(metric, { ...real, cost }, priceOfThousand)
}

/** Rounded to the nano-dollar, as the ledger does. */
function toNano(pico: bigint | null): number {
  return pico === null ? 0 : Number((pico + picoPerNano / 2n) / picoPerNano)
}
