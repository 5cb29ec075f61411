import type { Limiter } from './limiter.ts'

const renewEveryMs = 60_000

/** What one call holds at the limiter. */
export interface Hold {
  readonly id: string
  /** Epoch milliseconds. */
  readonly since: number
  listSubjects(): readonly string[]
  /** Its neighbours among the live ones; nobody else writes them. */
  previous: Hold | null
  next: Hold | null
}

export interface LiveHoldsOptions {
  readonly limiter: Pick<Limiter, 'renew'>
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/**
 * What calls under way hold, renewed in good time before its lease ends. A list and no set: a set that calls come to and go
 * from is copied again and again, and the collector moves all that is in its old copies.
 */
export class LiveHolds {
  readonly #options: LiveHoldsOptions
  #first: Hold | null = null
  #renewal: NodeJS.Timeout | null = null

  constructor(options: LiveHoldsOptions) {
    this.#options = options
  }

  add(hold: Hold): void {
    hold.next = this.#first
    if (this.#first !== null) this.#first.previous = hold
    this.#first = hold
    this.#renewal ??= setInterval(() => this.#renew(), renewEveryMs).unref()
  }

  /** Also of one that is not live. */
  delete(hold: Hold): void {
    const { previous, next } = hold
    if (this.#first === hold) this.#first = next
    if (previous !== null) previous.next = next
    if (next !== null) next.previous = previous
    hold.previous = null
    hold.next = null
  }

  /** Ends the renewal. */
  close(): void {
    if (this.#renewal !== null) clearInterval(this.#renewal)
    this.#renewal = null
  }

  #renew(): void {
    const { limiter, now, onError } = this.#options
    for (let hold = this.#first; hold !== null; hold = hold.next)
      if (now() - hold.since >= renewEveryMs) limiter.renew(hold.id, hold.listSubjects()).catch(onError)
  }
}
