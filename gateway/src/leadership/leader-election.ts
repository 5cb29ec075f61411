import { within } from '../within.ts'
import type { LeaseStore } from './lease-store.ts'

export interface LeaderElectionOptions {
  readonly leases: LeaseStore
  readonly name: string
  readonly holder: string
  readonly leaseMs: number
  readonly renewMs: number
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number
  /** Called each time this replica becomes the leader. */
  readonly onElected: () => void
}

/** Who leads the replicas: the one that has the lease. */
export interface Leadership {
  /** The fencing token while this replica leads, else null. */
  readonly token: number | null
  /** Makes the first attempt, and goes on. */
  start(): Promise<void>
  /** Gives the lease back and asks for it no more. */
  close(): Promise<void>
}

/** Of a replica that shares with nobody. */
export const soleLeadership: Leadership = {
  token: 0,
  start: async () => {},
  close: async () => {},
}

/**
 * Asks for the lease at each interval. A leader that cannot renew it steps down by its own clock a little before the lease
 * ends in the store, so that there are never two.
 */
export class LeaderElection implements Leadership {
  readonly #options: LeaderElectionOptions
  #timer: NodeJS.Timeout | null = null
  #held: { readonly token: number; readonly untilMs: number } | null = null
  #isClosed = false

  constructor(options: LeaderElectionOptions) {
    this.#options = options
  }

  get token(): number | null {
    return this.#held !== null && this.#options.now() < this.#held.untilMs ? this.#held.token : null
  }

  async start(): Promise<void> {
    await this.#attempt()
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.start(), this.#options.renewMs)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const { leases, name, holder, renewMs } = this.#options
    this.#held = null
    // Nobody waits for a store that is away: the lease ends by itself.
    await within(renewMs, leases.release(name, holder)).catch(() => {})
  }

  async #attempt(): Promise<void> {
    const { leases, name, holder, leaseMs, renewMs, now, onElected } = this.#options
    const askedAt = now()
    const before = this.token
    const token = await within(renewMs, leases.acquire({ name, holder, ttlMs: leaseMs })).catch(
      () => 'timeout' as const,
    )
    // Without an answer what is held counts until it ends.
    if (token === 'timeout' || this.#isClosed) return
    const marginMs = Math.min(1_000, leaseMs / 10)
    this.#held = token === null ? null : { token, untilMs: askedAt + leaseMs - marginMs }
    if (token !== null && token !== before) onElected()
  }
}
