/**
 * So much of something in a fixed window that begins with the first use. `tokens` admits one request whose estimate is
 * more than the limit while nothing is used, since a small limit could never be used otherwise.
 */
export interface WindowClaim {
  readonly kind: 'window'
  /** Whose window: `api_key:<hash>`. Requests and tokens of one subject share it. */
  readonly subject: string
  readonly metric: 'requests' | 'tokens'
  /** A whole number above 0. */
  readonly amount: number
  readonly limit: number
  readonly windowMs: number
}

/** One of so many places at the same time, held until the request is settled. */
export interface SlotClaim {
  readonly kind: 'slot'
  readonly subject: string
  readonly limit: number
}

/**
 * An estimate held against money until the request is settled: refused when spent + held + estimate exceed the limit,
 * unless nothing is held and something is left, since a small budget could never be used otherwise.
 */
export interface BudgetClaim {
  /** A `quota` makes no exception: it never admits what it has no room for. Its units may also be requests or tokens. */
  readonly kind: 'budget' | 'quota'
  /** Names the scope and the moment its period began. */
  readonly subject: string
  /** Nano-USD, whole. */
  readonly amount: number
  readonly limit: number
  /** What is spent already, for a limiter that does not know; null when the caller does not know either. */
  readonly spent: number | null
  /** How long the limiter should remember what is spent. */
  readonly keepMs: number
}

export type Claim = WindowClaim | SlotClaim | BudgetClaim

/** Where one claim stands. */
export interface Standing {
  /** Settled use, or what the window has counted; this request included when it was admitted. */
  readonly used: number
  /** Held by requests under way; this one included when it was admitted. */
  readonly held: number
  /** Milliseconds until the window ends; 0 for slots and budgets. */
  readonly resetsInMs: number
}

export interface Verdict {
  /** Index of the first claim that refused, null when all were granted. Nothing is taken when one refuses. */
  readonly refusedBy: number | null
  /** Budgets whose spend the limiter does not know; nothing is taken or refused while there are any. */
  readonly unknown: readonly number[]
  readonly standings: readonly Standing[]
  /** The shared limiter was away, and this process counted alone. */
  readonly isAlone?: boolean
}

/** What a request really used of a claim. */
export interface Settlement {
  readonly kind: Claim['kind']
  readonly subject: string
  /** Window: tokens beyond the estimate, negative when fewer. Budget: nano-USD. Slot: 0. */
  readonly amount: number
  /** What its claim held until now. */
  readonly held: number
}

/** What a claim holds until the request is settled. A window counts at once and holds nothing. */
export function heldBy(claim: Claim): number {
  if (claim.kind === 'slot') return 1
  return claim.kind === 'window' ? 0 : claim.amount
}

/**
 * Counts what requests use against limits, for all processes of a gateway together. Every method is atomic. What is held
 * by a process that died is free again after a lease.
 */
export interface Limiter {
  /** Takes all claims or none; at once where it counts in this process. `id` names the request in `settle` and `renew`. */
  claim(id: string, claims: readonly Claim[]): Verdict | Promise<Verdict>
  /** Frees what the request holds and books what it used. Claims without a settlement stay as estimated. */
  settle(id: string, settlements: readonly Settlement[]): void | Promise<void>
  /** Holds on for another lease. */
  renew(id: string, subjects: readonly string[]): Promise<void>
  /** Corrects what is spent upwards, from the ledger. */
  raiseSpent(subject: string, spent: number): Promise<void>
}

/** A limiter of another process. */
export interface AsyncLimiter extends Limiter {
  claim(id: string, claims: readonly Claim[]): Promise<Verdict>
  settle(id: string, settlements: readonly Settlement[]): Promise<void>
}

/** A limiter as other processes may call it. */
export function toAsyncLimiter(limiter: Limiter): AsyncLimiter {
  return {
    claim: async (id, claims) => limiter.claim(id, claims),
    settle: async (id, settlements) => limiter.settle(id, settlements),
    renew: (id, subjects) => limiter.renew(id, subjects),
    raiseSpent: (subject, spent) => limiter.raiseSpent(subject, spent),
  }
}

/** What a dead process held is free after this time; a living one renews in good time. */
export const leaseMs = 180_000
