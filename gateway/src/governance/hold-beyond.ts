import type { Charge } from './charges.ts'
import type { EstimatedUse } from './estimate-use.ts'
import type { BudgetClaim, Limiter, Verdict } from './limiter.ts'
import type { Hold } from './live-holds.ts'
import { amountOf } from './use-limit.ts'

/**
 * What the calls may use together beyond what is held. Limits on the number of requests are left out: for whoever they limit it
 * is one request.
 */
export function claimsBeyond(
  charges: readonly Charge[],
  calls: readonly EstimatedUse[],
): readonly BudgetClaim[] {
  return charges.flatMap(({ claim, use }) => {
    if (claim.kind !== 'budget' && claim.kind !== 'quota') return []
    if (use?.metric === 'requests') return []
    const wanted = calls.reduce(
      (sum, call) =>
        sum + (use === null ? (call.cost ?? 1) : amountOf(use.metric, call, use.priceOfThousand)),
      0,
    )
    return wanted > claim.amount ? [{ ...claim, amount: wanted - claim.amount }] : []
  })
}

/** A second hold of one request, beside the one it was admitted with. */
export class HoldBeyond implements Hold {
  readonly id: string
  readonly since: number
  previous: Hold | null = null
  next: Hold | null = null
  readonly #limiter: Pick<Limiter, 'claim' | 'settle'>
  #claims: readonly BudgetClaim[] = []

  constructor(limiter: Pick<Limiter, 'claim' | 'settle'>, id: string, since: number) {
    this.id = id
    this.since = since
    this.#limiter = limiter
  }

  listSubjects(): readonly string[] {
    return this.#claims.map(({ subject }) => subject)
  }

  /** All claims or none. */
  take(claims: readonly BudgetClaim[]): boolean | Promise<boolean> {
    const conclude = ({ refusedBy, unknown }: Verdict): boolean => {
      if (refusedBy !== null || unknown.length > 0) return false
      this.#claims = claims
      return true
    }
    const verdict = this.#limiter.claim(this.id, claims)
    return verdict instanceof Promise ? verdict.then(conclude) : conclude(verdict)
  }

  /** Frees it; what was really used is booked with the first hold. */
  release(onError: (error: unknown) => void): void {
    if (this.#claims.length === 0) return
    const nothing = this.#claims.map(({ kind, subject, amount }) => ({
      kind,
      subject,
      amount: 0,
      held: amount,
    }))
    this.#claims = []
    const released = this.#limiter.settle(this.id, nothing)
    if (released instanceof Promise) released.catch(onError)
  }
}
