const failureThreshold = 5
const openMs = 60_000

/** Stops calling a service that failed five times in a row; after a minute one call tries whether it is back. */
export class CallBreaker {
  readonly #now: () => number
  #failures = 0
  #openUntil = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether a call may be made. While open, only the first one after the waiting time, as a probe. */
  admits(): boolean {
    if (this.#failures < failureThreshold) return true
    if (this.#now() < this.#openUntil) return false
    this.#openUntil = this.#now() + openMs
    return true
  }

  recordSuccess(): void {
    this.#failures = 0
  }

  recordFailure(): void {
    this.#failures += 1
    if (this.#failures >= failureThreshold) this.#openUntil = this.#now() + openMs
  }

  get isOpen(): boolean {
    return this.#failures >= failureThreshold
  }
}
