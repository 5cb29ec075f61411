import {
  type BudgetClaim,
  type Claim,
  type Limiter,
  leaseMs,
  type Settlement,
  type Standing,
  type Verdict,
} from '../../governance/limiter.ts'

const sweepEvery = 1_000
const none: number[] = []
const nothingUsed: Standing = { used: 0, held: 0, resetsInMs: 0 }
/** Longer than most calls wait for Redis, shorter than most calls take. */
const observedForMs = 2_000

interface Window {
  readonly endsAt: number
  requests: number
  tokens: number
}

interface Account {
  /** Null while nobody has said what is spent. */
  spent: number | null
  held: number
  /** What others held when a shared limiter was asked last; believed for a short time. */
  elsewhere: { readonly held: number; readonly until: number } | null
  /** In the order in which they expire. */
  readonly holds: Map<string, { readonly amount: number; readonly expiresAt: number }>
  /** None of them expires before. */
  expiresFrom: number
  forgottenAt: number
}

/** The limiter of a single process; also what the others fall back to. `now` is in milliseconds. */
export class InProcessLimiter implements Limiter {
  readonly #now: () => number
  readonly #windows = new Map<string, Window>()
  readonly #accounts = new Map<string, Account>()
  #claimsUntilSweep = sweepEvery

  constructor(now: () => number) {
    this.#now = now
  }

  claim(id: string, claims: readonly Claim[]): Verdict {
    this.#sweepSometimes()
    const now = this.#now()
    const standings: Standing[] = []
    let unknown: number[] = none
    let refusedBy: number | null = null
    for (const claim of claims) {
      const standing = this.#standing(claim, now)
      if (this.#isUnknown(claim)) unknown = [...unknown, standings.length]
      else if (refusedBy === null && refuses(claim, standing)) refusedBy = standings.length
      standings.push(standing)
    }
    if (unknown.length > 0) return { refusedBy: null, unknown, standings }
    if (refusedBy !== null) return { refusedBy, unknown, standings }
    let index = 0
    for (const claim of claims) {
      standings[index] = this.#take(id, claim, standings[index] ?? nothingUsed, now)
      index += 1
    }
    return { refusedBy: null, unknown, standings }
  }

  /** Takes over where a shared limiter stands, to count on from there while it is away. */
  observe(claims: readonly Claim[], { standings, unknown }: Verdict): void {
    this.#sweepSometimes()
    const now = this.#now()
    for (const [index, claim] of claims.entries()) {
      const standing = standings[index]
      if (standing === undefined || unknown.includes(index)) continue
      const { used, held, resetsInMs } = standing
      if (claim.kind === 'window') {
        const known = this.#windows.get(claim.subject)
        const window = { requests: 0, tokens: 0, ...known, endsAt: now + resetsInMs }
        this.#windows.set(claim.subject, { ...window, [claim.metric]: used })
        continue
      }
      const account = this.#account(claim.subject, now)
      account.elsewhere = { held, until: now + observedForMs }
      if (claim.kind !== 'slot') account.spent = used
    }
  }

  settle(id: string, settlements: readonly Settlement[]): void {
    for (const { kind, subject, amount } of settlements) {
      if (kind === 'window') {
        const window = this.#windows.get(subject)
        if (window !== undefined && window.endsAt > this.#now())
          window.tokens = Math.max(0, window.tokens + amount)
        continue
      }
      const account = this.#accounts.get(subject)
      if (account === undefined) continue
      this.#release(account, id)
      if (account.spent !== null) account.spent += amount
    }
  }

  async renew(id: string, subjects: readonly string[]): Promise<void> {
    for (const subject of subjects) {
      const holds = this.#accounts.get(subject)?.holds
      const hold = holds?.get(id)
      if (hold === undefined) continue
      // To the end, so that holds stay in the order in which they expire.
      holds?.delete(id)
      holds?.set(id, { ...hold, expiresAt: this.#now() + leaseMs })
    }
  }

  async raiseSpent(subject: string, spent: number): Promise<void> {
    const account = this.#accounts.get(subject)
    if (account?.spent != null) account.spent = Math.max(account.spent, spent)
  }

  #standing(claim: Claim, now: number): Standing {
    if (claim.kind === 'window') {
      const window = this.#windows.get(claim.subject)
      if (window === undefined || window.endsAt <= now)
        return { used: 0, held: 0, resetsInMs: claim.windowMs }
      return { used: window[claim.metric], held: 0, resetsInMs: window.endsAt - now }
    }
    const account = this.#account(claim.subject, now)
    if (claim.kind !== 'slot') remember(account, claim, now)
    const elsewhere = account.elsewhere !== null && account.elsewhere.until > now ? account.elsewhere.held : 0
    return { used: account.spent ?? 0, held: account.held + elsewhere, resetsInMs: 0 }
  }

  #isUnknown(claim: Claim): boolean {
    const hasSpend = claim.kind === 'budget' || claim.kind === 'quota'
    return hasSpend && this.#accounts.get(claim.subject)?.spent == null
  }

  /** Where the claim stands afterwards. */
  #take(id: string, claim: Claim, before: Standing, now: number): Standing {
    if (claim.kind === 'window') {
      let window = this.#windows.get(claim.subject)
      if (window === undefined || window.endsAt <= now) {
        window = { endsAt: now + claim.windowMs, requests: 0, tokens: 0 }
        this.#windows.set(claim.subject, window)
      }
      window[claim.metric] += claim.amount
      // Written out here and below, because spreading an object costs as much as taking the claim.
      return { used: window[claim.metric], held: before.held, resetsInMs: before.resetsInMs }
    }
    const account = this.#account(claim.subject, now)
    const amount = claim.kind === 'slot' ? 1 : claim.amount
    account.held += amount
    account.holds.set(id, { amount, expiresAt: now + leaseMs })
    account.forgottenAt = Math.max(account.forgottenAt, now + 2 * leaseMs)
    return { used: before.used, held: before.held + amount, resetsInMs: before.resetsInMs }
  }

  /** The account without what dead processes held. */
  #account(subject: string, now: number): Account {
    let account = this.#accounts.get(subject)
    if (account === undefined || account.forgottenAt <= now) {
      const forgottenAt = now + 2 * leaseMs
      account = { spent: null, held: 0, elsewhere: null, holds: new Map(), expiresFrom: now, forgottenAt }
      this.#accounts.set(subject, account)
    }
    if (account.expiresFrom <= now) this.#releaseExpired(account, now)
    return account
  }

  #releaseExpired(account: Account, now: number): void {
    // What is added from now on expires no sooner.
    account.expiresFrom = now + leaseMs
    for (const [id, { expiresAt }] of account.holds) {
      if (expiresAt > now) {
        account.expiresFrom = expiresAt
        return
      }
      this.#release(account, id)
    }
  }

  #release(account: Account, id: string): void {
    const hold = account.holds.get(id)
    if (hold === undefined) return
    account.holds.delete(id)
    account.held -= hold.amount
  }

  #sweepSometimes(): void {
    this.#claimsUntilSweep -= 1
    if (this.#claimsUntilSweep > 0) return
    const now = this.#now()
    for (const [subject, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(subject)
    for (const [subject, { forgottenAt }] of this.#accounts)
      if (forgottenAt <= now) this.#accounts.delete(subject)
    this.#claimsUntilSweep = Math.max(sweepEvery, this.#windows.size + this.#accounts.size)
  }
}

function remember(account: Account, { spent, keepMs }: BudgetClaim, now: number): void {
  account.spent ??= spent
  account.forgottenAt = Math.max(account.forgottenAt, now + keepMs)
}

function refuses(claim: Claim, standing: Standing | undefined): boolean {
  const { used, held } = standing ?? { used: 0, held: 0 }
  if (claim.kind === 'slot') return held + 1 > claim.limit
  if (used + held + claim.amount <= claim.limit) return false
  if (claim.kind !== 'window') return claim.kind === 'quota' || held > 0 || used >= claim.limit
  return claim.metric === 'requests' || used > 0 || claim.limit <= 0
}
