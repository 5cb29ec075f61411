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
import { type BudgetCharge, baseSpend, type Charge, chargeOf, chargeOfUse } from './charges.ts'
import { sumSince } from './current-spend.ts'
import { type CallShape, estimateUse } from './estimate-use.ts'
import { HeldCall, type HoldingDependencies, type Reservation } from './held-call.ts'
import { HoldIds } from './hold-ids.ts'
import { limitLines, toHeaders } from './limit-headers.ts'
import { type Claim, heldBy, type Limiter, type Standing, type Verdict } from './limiter.ts'
import { LiveHolds } from './live-holds.ts'
import { OutputEstimates } from './output-estimates.ts'
import { refusal } from './refusals.ts'
import type { CachedSubject, SubjectCache } from './subject-cache.ts'
import type { UseCounters } from './use-counters.ts'
import type { UseLimit } from './use-limit.ts'

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
  readonly #ids: HoldIds
  readonly #holding: HoldingDependencies
  readonly #plans = new ChargePlans()
  readonly #checkedAt = new Map<string, number>()
  readonly #warned = new Set<string>()
  #proxy: { readonly settings: GovernanceConfig; readonly allowances: Allowances } | null = null

  constructor(options: GovernorOptions) {
    this.#options = options
    this.#ids = new HoldIds(options.newId)
    const live = new LiveHolds(options)
    this.#holding = { ...options, ids: this.#ids, outputs: this.#outputs, live }
  }

  /** Errors: 429 `budget_exceeded` and `rate_limit_exceeded`, 403 for a blocked customer. Null when nothing limits the call. */
  admit(call: GovernedCall): Reservation | null | Promise<Reservation | null> {
    const own = this.#ownAllowances(call.caller)
    const others = this.#otherAllowances(call)
    const now = this.#options.now()
    const uses = this.#options.useLimits(call, now)
    if (others instanceof Promise)
      return others.then((found) => this.#admitUnder([...own, ...found], uses, call, now))
    if (own.length + others.length + uses.length === 0) return null
    return this.#admitUnder(others.length === 0 ? own : [...own, ...others], uses, call, now)
  }

  /** Ends the renewal of what is held. */
  close(): void {
    this.#holding.live.close()
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
    now: number,
  ): Reservation | null | Promise<Reservation | null> {
    const { settings, limiter } = this.#options
    const group = call.group.name
    const use = estimateUse(call, this.#outputs, group)
    const config = settings()
    const templates = this.#plans.find(allowances, call, config.windowMs)
    // As long as they will be nearly always: lists that grow leave more behind than all that is in them.
    const charges = new Array<Charge>(templates.length + uses.length)
    const claims = new Array<Claim>(charges.length)
    let count = 0
    for (const template of templates) {
      const charge = chargeOf(template, use, config, call.group, now)
      if (charge === null || (charge.rate === null && isRepeated(charge, claims, count))) continue
      charges[count] = charge
      claims[count] = charge.claim
      count += 1
    }
    for (const limit of uses) {
      const charge = chargeOfUse(limit, use, now)
      charges[count] = charge
      claims[count] = charge.claim
      count += 1
    }
    if (count === 0) return null
    if (count < charges.length) charges.length = claims.length = count
    const id = this.#ids.take()
    const verdict = limiter.claim(id, claims)
    if (verdict instanceof Promise || verdict.unknown.length > 0)
      return this.#askAgain(id, charges, verdict).then((known) =>
        this.#conclude(id, charges, known, group, this.#options.now()),
      )
    return this.#conclude(id, charges, verdict, group, now)
  }

  /** Errors: the refusal of the first limit without room. */
  #conclude(
    id: string,
    charges: readonly Charge[],
    verdict: Verdict,
    group: string,
    now: number,
  ): Reservation {
    const { refusedBy, standings } = verdict
    const lines = limitLines(charges, standings, now)
    if (refusedBy !== null) {
      const refused = charges[refusedBy] as Charge
      throw refusal(refused, standings[refusedBy] as Standing, now, toHeaders(lines))
    }
    if (verdict.isAlone === true) this.#requireCounted(id, charges)
    this.#watch(charges, standings, now)
    return new HeldCall(this.#holding, id, group, charges, standings, lines, now)
  }

  /** Errors: 503 of a limit that lets nothing pass which only this process has counted; nothing is held then. */
  #requireCounted(id: string, charges: readonly Charge[]): void {
    const counting = charges.find(({ use }) => use?.failsClosed === true)?.use
    if (counting == null) {
      if (charges.some(({ use }) => use !== null)) this.#options.onUncounted()
      return
    }
    const nothing = charges.flatMap(({ claim }) => {
      const { kind, subject } = claim
      return kind === 'window' ? [] : [{ kind, subject, amount: 0, held: heldBy(claim) }]
    })
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

  /** Warns of soft budgets, and compares what the limiter believes with the ledger from time to time. */
  #watch(charges: readonly Charge[], standings: readonly Standing[], now: number): void {
    for (let index = 0; index < charges.length; index += 1) {
      const charge = charges[index]
      const standing = standings[index]
      if (charge === undefined || standing === undefined || charge.rate !== null) continue
      const { used: spent, held } = standing
      const { subject } = charge.claim
      const isDue = this.#isDue(subject, now)
      if (charge.use !== null) {
        charge.use.onAdmitted(spent + held)
        if (isDue && charge.use.isKept)
          this.#correct(subject, this.#options.counters.read(charge.use.account))
        continue
      }
      this.#warn(charge, spent)
      if (isDue) this.#correct(subject, this.#spentOf(charge))
    }
  }

  #warn({ budget, claim: { subject } }: BudgetCharge, spent: number): void {
    if (budget.soft === null || spent < budget.soft || this.#warned.has(subject)) return
    if (this.#warned.size >= maxRemembered) this.#warned.clear()
    this.#warned.add(subject)
    this.#options.onSoftBudget(budget, spent)
  }

  /** Whether the database should be asked again; not at the first call, which has just asked it. */
  #isDue(subject: string, now: number): boolean {
    const checkedAt = this.#checkedAt.get(subject)
    if (checkedAt !== undefined && now - checkedAt < trustMs) return false
    if (this.#checkedAt.size >= maxRemembered) this.#checkedAt.clear()
    this.#checkedAt.set(subject, now)
    return checkedAt !== undefined
  }

  /** Tells the limiter what the database knows. */
  #correct(subject: string, reading: Promise<number>): void {
    const { limiter, onError } = this.#options
    reading.then((known) => limiter.raiseSpent(subject, known)).catch(onError)
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
function isRepeated({ claim }: Charge, claims: readonly Claim[], count: number): boolean {
  for (let index = 0; index < count; index += 1) {
    const other = claims[index]
    if (other?.kind === 'budget' && other.subject === claim.subject) return true
  }
  return false
}
