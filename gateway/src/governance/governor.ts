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
import {
  baseSpend,
  type Charge,
  type ChargeContext,
  chargeOfBudget,
  chargesOfRate,
  countTokens,
} from './charges.ts'
import { sumSince } from './current-spend.ts'
import { type CallShape, estimateUse } from './estimate-use.ts'
import { limitHeaders } from './limit-headers.ts'
import type { Limiter, Settlement, Standing, Verdict } from './limiter.ts'
import { OutputEstimates } from './output-estimates.ts'
import { refusal } from './refusals.ts'
import type { CachedSubject, SubjectCache } from './subject-cache.ts'

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
}

/** What an answered call used; null where nothing is known. */
export interface RealUse {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costPico: bigint | null
}

/** What an admitted call holds until it is settled, once. */
export interface Reservation {
  /** Where the limits stand, by header name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Null for a call that used nothing. */
  settle(use: RealUse | null): void
}

export interface GovernorOptions {
  readonly limiter: Limiter
  readonly totals: Pick<SpendTotals, 'spentSince'>
  readonly subjects: SubjectCache
  readonly settings: () => GovernanceConfig
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A budget is spent as far as somebody wanted to be told. Spend is nano-USD. */
  readonly onSoftBudget: (budget: BudgetRule, spent: number) => void
  readonly onError: (error: unknown) => void
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
    if (others instanceof Promise) return others.then((found) => this.#admitUnder([...own, ...found], call))
    if (own.length + others.length === 0) return null
    return this.#admitUnder([...own, ...others], call)
  }

  /** Ends the renewal of what is held. */
  close(): void {
    if (this.#renewal !== null) clearInterval(this.#renewal)
    this.#renewal = null
  }

  #ownAllowances({ allowances }: Caller): readonly Allowances[] {
    const proxy = this.#proxyAllowances()
    if (proxy === noAllowances) return allowances === noAllowances ? nothing : [allowances]
    return [allowances, proxy]
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

  async #admitUnder(allowances: readonly Allowances[], call: GovernedCall): Promise<Reservation | null> {
    const { now, newId, settings } = this.#options
    const group = call.group.name
    const use = estimateUse(call, (maxTokens) => this.#outputs.expect(group, maxTokens))
    const { windowMs, timezone, countedTokens: counted } = settings()
    const charges = chargesOf(allowances, call, { use, windowMs, counted, timezone, now: now() })
    if (charges.length === 0) return null
    const id = newId()
    const verdict = await this.#claim(id, charges)
    const headers = limitHeaders(charges, verdict.standings, now())
    const { refusedBy } = verdict
    if (refusedBy !== null) {
      const refused = charges[refusedBy] as Charge
      throw refusal(refused, verdict.standings[refusedBy] as Standing, now(), headers)
    }
    this.#watch(charges, verdict)
    return { headers, settle: this.#hold(id, charges, verdict, group) }
  }

  /** A limiter that does not know what is spent is told from the ledger. */
  async #claim(id: string, charges: readonly Charge[]): Promise<Verdict> {
    const { limiter } = this.#options
    const claims = charges.map(({ claim }) => claim)
    const verdict = await limiter.claim(id, claims)
    if (verdict.unknown.length === 0) return verdict
    const known = await Promise.all(
      charges.map(async (charge) =>
        charge.rate === null ? { ...charge.claim, spent: await this.#spentOf(charge) } : charge.claim,
      ),
    )
    return limiter.claim(id, known)
  }

  async #spentOf({ budget, period, since }: Extract<Charge, { rate: null }>): Promise<number> {
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
    const holding = charges.flatMap(({ claim }) => (claim.kind === 'window' ? [] : [claim.subject]))
    if (holding.length > 0) this.#keep(id, holding, takenAt)
    return (real) => {
      this.#live.delete(id)
      if (real !== null && real.outputTokens > 0) this.#outputs.learn(group, real.outputTokens)
      const settlements = charges.flatMap(({ claim }, index): Settlement[] => {
        const { kind, subject } = claim
        if (kind === 'slot') return [{ kind, subject, amount: 0 }]
        if (kind === 'budget') return [{ kind, subject, amount: toNano(real?.costPico ?? null) }]
        if (claim.metric === 'requests') return []
        const amount = (real === null ? 0 : countTokens(real, counted)) - claim.amount
        const windowEnds = takenAt + (standings[index]?.resetsInMs ?? 0)
        return amount === 0 || now() >= windowEnds ? [] : [{ kind, subject, amount }]
      })
      if (settlements.length > 0) limiter.settle(id, settlements).catch(onError)
    }
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
    const { now, onSoftBudget, limiter, onError } = this.#options
    for (const [index, charge] of charges.entries()) {
      if (charge.rate !== null) continue
      const { budget, claim } = charge
      const spent = standings[index]?.used ?? 0
      if (budget.soft !== null && spent >= budget.soft && !this.#warned.has(claim.subject)) {
        if (this.#warned.size >= maxRemembered) this.#warned.clear()
        this.#warned.add(claim.subject)
        onSoftBudget(budget, spent)
      }
      const checkedAt = this.#checkedAt.get(claim.subject)
      if (checkedAt !== undefined && now() - checkedAt < trustMs) continue
      if (this.#checkedAt.size >= maxRemembered) this.#checkedAt.clear()
      this.#checkedAt.set(claim.subject, now())
      if (checkedAt === undefined) continue
      this.#spentOf(charge)
        .then((known) => limiter.raiseSpent(claim.subject, known))
        .catch(onError)
    }
  }
}

const nothing: readonly never[] = []

function collect(found: readonly (Allowances | CachedSubject | null)[]): Allowances[] {
  return found.flatMap((entry) => {
    const allowances = entry !== null && 'record' in entry ? entry.allowances : entry
    return allowances === null || allowances === noAllowances ? [] : [allowances]
  })
}

function chargesOf(
  allowances: readonly Allowances[],
  { group, requestedModel }: GovernedCall,
  context: ChargeContext,
): Charge[] {
  const charges = new Map<string, Charge>()
  const concerns = ({ model }: { readonly model: string | null }): boolean =>
    model === null || model === group.name || model === requestedModel
  const add = (charge: Charge): void => {
    const { claim } = charge
    const name =
      claim.kind === 'window' ? `${claim.metric} ${claim.subject}` : `${claim.kind} ${claim.subject}`
    const known = charges.get(name)
    // Two rules about the same account are one, the stricter.
    if (known === undefined || known.claim.limit > claim.limit) charges.set(name, charge)
  }
  for (const { rates } of allowances)
    for (const rate of rates) if (concerns(rate)) chargesOfRate(rate, context).forEach(add)
  for (const { budgets } of allowances) {
    for (const budget of budgets) {
      const charge = concerns(budget) ? chargeOfBudget(budget, context) : null
      if (charge !== null) add(charge)
    }
  }
  return [...charges.values()]
}

/** Rounded to the nano-dollar, as the ledger does. */
function toNano(pico: bigint | null): number {
  return pico === null ? 0 : Number((pico + picoPerNano / 2n) / picoPerNano)
}
