import {
  type BudgetClaim,
  type Claim,
  heldBy,
  type Limiter,
  leaseMs,
  type Settlement,
  type SlotClaim,
  type Standing,
  type Verdict,
  type WindowClaim,
} from '../../governance/limiter.ts'

const sweepEvery = 1_000
const none: number[] = []
/** Longer than most calls wait for Redis, shorter than most calls take. */
const observedForMs = 2_000

type MutableStanding = { -readonly [Part in keyof Standing]: Standing[Part] }

interface Window {
  endsAt: number
  requests: number
  tokens: number
}

interface Account {
  /** Null while nobody has said what is spent. */
  spent: number | null
  held: number
  /** What others held when a shared limiter was asked last; believed for a short time. */
  elsewhere: { held: number; until: number } | null
  forgottenAt: number
}

/** What one call holds: `amounts[i]` of `accounts[i]`. */
interface CallHold {
  readonly accounts: Account[]
  readonly amounts: number[]
  expiresAt: number
}

/** The limiter of a single process; also what the others fall back to. `now` is in milliseconds. */
export class InProcessLimiter implements Limiter {
  readonly #now: () => number
  readonly #windows = new Map<string, Window>()
  readonly #accounts = new Map<string, Account>()
  /**
   * By id. Entries that hold nothing stay until the next sweep, because callers use an id again: each time a map has filled up
   * with deleted entries V8 copies it, and an old copy keeps the next one alive, with all calls in it, until the next full
   * collection.
   */
  readonly #holds = new Map<string, CallHold>()
  /** No hold expires before. */
  #holdsExpireFrom = Number.POSITIVE_INFINITY
  #claimsUntilSweep = sweepEvery

  constructor(now: () => number) {
    this.#now = now
  }

  claim(id: string, claims: readonly Claim[]): Verdict {
    this.#sweepSometimes()
    const now = this.#now()
    if (this.#holdsExpireFrom <= now) this.#releaseExpired(now)
    const standings = new Array<MutableStanding>(claims.length)
    let unknown: number[] = none
    let refusedBy: number | null = null
    let index = 0
    for (const claim of claims) {
      const standing =
        claim.kind === 'window' ? this.#windowStanding(claim, now) : this.#heldStanding(claim, now)
      if (standing === null) unknown = [...unknown, index]
      else if (refusedBy === null && refuses(claim, standing)) refusedBy = index
      standings[index] = standing ?? standingOf(0, 0, 0)
      index += 1
    }
    if (unknown.length > 0) refusedBy = null
    else if (refusedBy === null) this.#takeAll(id, claims, standings, now)
    return { refusedBy, unknown, standings }
  }

  /** Takes over where a shared limiter stands, to count on from there while it is away. */
  observe(claims: readonly Claim[], { standings, unknown }: Verdict): void {
    this.#sweepSometimes()
    const now = this.#now()
    let index = -1
    for (const claim of claims) {
      index += 1
      const standing = standings[index]
      if (standing === undefined || unknown.includes(index)) continue
      const { used, held, resetsInMs } = standing
      if (claim.kind === 'window') {
        const window = this.#window(claim.subject, now)
        window.endsAt = now + resetsInMs
        window[claim.metric] = used
        continue
      }
      const account = this.#account(claim.subject, now)
      if (account.elsewhere === null) account.elsewhere = { held, until: 0 }
      account.elsewhere.held = held
      account.elsewhere.until = now + observedForMs
      if (claim.kind !== 'slot') account.spent = used
    }
  }

  settle(id: string, settlements: readonly Settlement[]): void {
    const hold = this.#holds.get(id)
    for (const { kind, subject, amount, held } of settlements) {
      if (kind === 'window') {
        const window = this.#windows.get(subject)
        if (window !== undefined && window.endsAt > this.#now())
          window.tokens = Math.max(0, window.tokens + amount)
        continue
      }
      const account = this.#accounts.get(subject)
      if (account === undefined) continue
      if (hold !== undefined) release(hold, account)
      // Held with the shared limiter, which cannot be told: others hold so much less than it said.
      else if (account.elsewhere !== null) account.elsewhere.held = Math.max(0, account.elsewhere.held - held)
      if (account.spent !== null) account.spent += amount
    }
  }

  async renew(id: string): Promise<void> {
    const hold = this.#holds.get(id)
    if (hold === undefined) return
    const now = this.#now()
    hold.expiresAt = now + leaseMs
    for (const account of hold.accounts) keep(account, now + 2 * leaseMs)
  }

  async raiseSpent(subject: string, spent: number): Promise<void> {
    const account = this.#accounts.get(subject)
    if (account?.spent != null) account.spent = Math.max(account.spent, spent)
  }

  #windowStanding({ subject, metric, windowMs }: WindowClaim, now: number): MutableStanding {
    const window = this.#windows.get(subject)
    if (window === undefined || window.endsAt <= now) return standingOf(0, 0, windowMs)
    return standingOf(metric === 'requests' ? window.requests : window.tokens, 0, window.endsAt - now)
  }

  /** Null while nobody has said what is spent. */
  #heldStanding(claim: SlotClaim | BudgetClaim, now: number): MutableStanding | null {
    const account = this.#account(claim.subject, now)
    if (claim.kind !== 'slot') remember(account, claim, now)
    const { spent, held, elsewhere } = account
    if (claim.kind !== 'slot' && spent === null) return null
    const others = elsewhere !== null && elsewhere.until > now ? elsewhere.held : 0
    return standingOf(spent ?? 0, held + others, 0)
  }

  /** The standings say afterwards where the claims stand then. */
  #takeAll(id: string, claims: readonly Claim[], standings: readonly MutableStanding[], now: number): void {
    let hold: CallHold | null = null
    let index = -1
    for (const claim of claims) {
      index += 1
      const standing = standings[index]
      if (standing === undefined) continue
      if (claim.kind === 'window') {
        this.#count(claim, standing, now)
        continue
      }
      const account = this.#account(claim.subject, now)
      const amount = heldBy(claim)
      account.held += amount
      keep(account, now + 2 * leaseMs)
      hold ??= this.#holdOf(id, now + leaseMs)
      hold.accounts.push(account)
      hold.amounts.push(amount)
      standing.held += amount
    }
  }

  #count(claim: WindowClaim, standing: MutableStanding, now: number): void {
    const window = this.#window(claim.subject, now)
    if (window.endsAt <= now) {
      window.endsAt = now + claim.windowMs
      window.requests = 0
      window.tokens = 0
    }
    if (claim.metric === 'requests') standing.used = window.requests += claim.amount
    else standing.used = window.tokens += claim.amount
  }

  /** One that was not there yet is over. */
  #window(subject: string, now: number): Window {
    let window = this.#windows.get(subject)
    if (window === undefined) {
      window = { endsAt: now, requests: 0, tokens: 0 }
      this.#windows.set(subject, window)
    }
    return window
  }

  #account(subject: string, now: number): Account {
    let account = this.#accounts.get(subject)
    if (account === undefined || account.forgottenAt <= now) {
      account = { spent: null, held: 0, elsewhere: null, forgottenAt: now + 2 * leaseMs }
      this.#accounts.set(subject, account)
    }
    return account
  }

  #holdOf(id: string, expiresAt: number): CallHold {
    let hold = this.#holds.get(id)
    if (hold === undefined) {
      hold = { accounts: [], amounts: [], expiresAt }
      this.#holds.set(id, hold)
    }
    hold.expiresAt = expiresAt
    if (expiresAt < this.#holdsExpireFrom) this.#holdsExpireFrom = expiresAt
    return hold
  }

  /** What dead processes held is free again. */
  #releaseExpired(now: number): void {
    let next = Number.POSITIVE_INFINITY
    for (const hold of this.#holds.values()) {
      const isExpired = hold.expiresAt <= now
      while (isExpired && hold.accounts[0] !== undefined) release(hold, hold.accounts[0])
      if (hold.accounts.length > 0) next = Math.min(next, hold.expiresAt)
    }
    this.#holdsExpireFrom = next
  }

  #sweepSometimes(): void {
    this.#claimsUntilSweep -= 1
    if (this.#claimsUntilSweep > 0) return
    const now = this.#now()
    for (const [subject, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(subject)
    for (const [subject, { forgottenAt }] of this.#accounts)
      if (forgottenAt <= now) this.#accounts.delete(subject)
    for (const [id, { accounts }] of this.#holds) if (accounts.length === 0) this.#holds.delete(id)
    this.#claimsUntilSweep = Math.max(sweepEvery, this.#windows.size + this.#accounts.size)
  }
}

function release(hold: CallHold, account: Account): void {
  const at = hold.accounts.indexOf(account)
  if (at === -1) return
  account.held -= hold.amounts[at] ?? 0
  const [last, amount] = [hold.accounts.pop(), hold.amounts.pop()]
  if (last === undefined || amount === undefined || at === hold.accounts.length) return
  hold.accounts[at] = last
  hold.amounts[at] = amount
}

/** At one place, so that all are of one class. */
function standingOf(used: number, held: number, resetsInMs: number): MutableStanding {
  return { used, held, resetsInMs }
}

function keep(account: Account, until: number): void {
  account.forgottenAt = Math.max(account.forgottenAt, until)
}

function remember(account: Account, { spent, keepMs }: BudgetClaim, now: number): void {
  account.spent ??= spent
  keep(account, now + keepMs)
}

function refuses(claim: Claim, { used, held }: Standing): boolean {
  if (claim.kind === 'slot') return held + 1 > claim.limit
  if (used + held + claim.amount <= claim.limit) return false
  if (claim.kind !== 'window') return claim.kind === 'quota' || held > 0 || used >= claim.limit
  return claim.metric === 'requests' || used > 0 || claim.limit <= 0
}
