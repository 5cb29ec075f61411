import type { GovernanceConfig } from '../config/config.ts'
import { type Charge, type CountedTokens, countTokens } from './charges.ts'
import { type CallShape, estimateUse } from './estimate-use.ts'
import { claimsBeyond, HoldBeyond } from './hold-beyond.ts'
import type { HoldIds } from './hold-ids.ts'
import {
  type BudgetClaim,
  type Claim,
  heldBy,
  type Limiter,
  type Settlement,
  type Standing,
} from './limiter.ts'
import type { Hold, LiveHolds } from './live-holds.ts'
import type { OutputEstimates } from './output-estimates.ts'
import type { UseCounters } from './use-counters.ts'
import { amountOf, type UseLimit } from './use-limit.ts'

const picoPerNano = 1_000n
/** The same as plain numbers, for sums that fit: arithmetic of `bigint` leaves objects behind. */
const [picosOfNano, halfNano] = [1_000, 500]

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
  /**
   * Holds what several calls for the one answer may use, in place of the one call that was estimated. False where a limit has no
   * room for that; what was held before is held then, and no more. Asked once.
   */
  cover(calls: readonly CallShape[]): boolean | Promise<boolean>
  /** `use` is null for a call that used nothing; `isMade` is false when nobody was asked. */
  settle(use: RealUse | null, isMade?: boolean): void
}

/** What all held calls of a process share. */
export interface HoldingDependencies {
  readonly limiter: Limiter
  readonly live: LiveHolds
  readonly ids: HoldIds
  readonly outputs: OutputEstimates
  readonly counters: Pick<UseCounters, 'add'>
  readonly settings: () => Pick<GovernanceConfig, 'countedTokens'>
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/** A call that was admitted under the charges it came with. */
export class HeldCall implements Reservation, Hold {
  readonly id: string
  readonly since: number
  readonly lines: string
  readonly hasRates: boolean
  previous: Hold | null = null
  next: Hold | null = null
  readonly #deps: HoldingDependencies
  readonly #group: string
  readonly #charges: readonly Charge[]
  readonly #standings: readonly Standing[]
  readonly #counted: CountedTokens
  #beyond: HoldBeyond | null = null
  #isSettled = false

  /** `group` is the name of the model group, `since` epoch milliseconds. */
  constructor(
    deps: HoldingDependencies,
    id: string,
    group: string,
    charges: readonly Charge[],
    standings: readonly Standing[],
    lines: string,
    since: number,
  ) {
    this.id = id
    this.since = since
    this.lines = lines
    this.#deps = deps
    this.#group = group
    this.#charges = charges
    this.#standings = standings
    this.#counted = deps.settings().countedTokens
    let hasRates = false
    let isHolding = false
    for (const { claim } of charges)
      if (claim.kind === 'window') hasRates = true
      else isHolding = true
    this.hasRates = hasRates
    if (isHolding) deps.live.add(this)
  }

  listSubjects(): readonly string[] {
    return this.#charges.flatMap(({ claim }) => (claim.kind === 'window' ? [] : [claim.subject]))
  }

  cover(calls: readonly CallShape[]): boolean | Promise<boolean> {
    const { limiter, live, outputs, now } = this.#deps
    const uses = calls.map((call) => estimateUse(call, outputs, this.#group))
    const claims = claimsBeyond(this.#charges, uses)
    if (claims.length === 0) return true
    const beyond = new HoldBeyond(limiter, `${this.id}+`, now())
    this.#beyond = beyond
    const kept = (isTaken: boolean): boolean => {
      if (isTaken) live.add(beyond)
      return isTaken
    }
    const taken = beyond.take(claims)
    return taken instanceof Promise ? taken.then(kept) : kept(taken)
  }

  settle(real: RealUse | null, isMade = true): void {
    const { limiter, live, ids, outputs, onError, now } = this.#deps
    if (this.#isSettled) return
    this.#isSettled = true
    live.delete(this)
    if (this.#beyond !== null) {
      live.delete(this.#beyond)
      this.#beyond.release(onError)
    }
    if (real !== null && real.outputTokens > 0) outputs.learn(this.#group, real.outputTokens)
    const settlements = this.#listSettlements(real, isMade, now() - this.since)
    const settled = settlements.length === 0 ? undefined : limiter.settle(this.id, settlements)
    if (settled instanceof Promise) settled.catch(onError)
    else ids.giveBack(this.id)
  }

  #listSettlements(real: RealUse | null, isMade: boolean, heldMs: number): readonly Settlement[] {
    const settlements = new Array<Settlement>(this.#charges.length)
    let count = 0
    for (let index = 0; index < this.#charges.length; index += 1) {
      const charge = this.#charges[index]
      if (charge === undefined) continue
      const isOver = heldMs >= (this.#standings[index]?.resetsInMs ?? 0)
      const settlement =
        charge.use === null
          ? settleClaim(charge.claim, isOver, real, this.#counted)
          : this.#settleUse(charge.use, charge.claim, real, isMade)
      if (settlement === null) continue
      settlements[count] = settlement
      count += 1
    }
    settlements.length = count
    return settlements
  }

  #settleUse(limit: UseLimit, claim: BudgetClaim, real: RealUse | null, isMade: boolean): Settlement {
    const amount = isMade ? usedOf(limit, claim, real) : 0
    if (limit.isKept) this.#deps.counters.add(limit.account, amount)
    return settlementOf(claim, amount)
  }
}

/** At one place, so that all are of one class. */
function settlementOf(claim: Claim, amount: number): Settlement {
  return { kind: claim.kind, subject: claim.subject, amount, held: heldBy(claim) }
}

/** Null where nothing has to be corrected: what was counted of a window that is over is gone with it. */
function settleClaim(
  claim: Claim,
  isOver: boolean,
  real: RealUse | null,
  counted: CountedTokens,
): Settlement | null {
  if (claim.kind === 'slot') return settlementOf(claim, 0)
  if (claim.kind !== 'window') return settlementOf(claim, toNano(real?.costPico ?? null))
  if (claim.metric === 'requests' || isOver) return null
  const amount = (real === null ? 0 : countTokens(real, counted)) - claim.amount
  return amount === 0 ? null : settlementOf(claim, amount)
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
  if (pico === null) return 0
  const number = Number(pico)
  if (!Number.isSafeInteger(number)) return Number((pico + picoPerNano / 2n) / picoPerNano)
  return Math.trunc((number + halfNano) / picosOfNano)
}
