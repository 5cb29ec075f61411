const windowMs = 60_000
const maxSources = 10_000

/** Counts calls per source address and minute: failed authentications, to slow guessing down, or calls without a key. */
export class CallsBySource {
  readonly #windows = new Map<string, { startedAt: number; count: number }>()
  readonly #limit: () => number
  readonly #now: () => number

  constructor(limit: () => number, now: () => number) {
    this.#limit = limit
    this.#now = now
  }

  /** Records one call; true when the source has more than the limit within a minute. */
  record(source: string): boolean {
    const now = this.#now()
    let window = this.#windows.get(source)
    if (window === undefined || now - window.startedAt >= windowMs) {
      if (this.#windows.size >= maxSources) this.#windows.clear()
      window = { startedAt: now, count: 0 }
      this.#windows.set(source, window)
    }
    window.count += 1
    return window.count > this.#limit()
  }
}
