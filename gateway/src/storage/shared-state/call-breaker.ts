export interface CallBreakerLimits {
  /** In a row. */
  readonly failures: number
  readonly openMs: number
}

const standard: CallBreakerLimits = { failures: 5, openMs: 60_000 }

/** Stops calling a service that failed so often in a row; after a while one call tries whether it is back. */
export class CallBreaker {
  readonly #now: () => number
  readonly #limits: CallBreakerLimits
  #failures = 0
  #openUntil = 0

  constructor(now: () => number, limits: CallBreakerLimits = standard) {
    this.#now = now
    this.#limits = limits
  }

  /** Whether a call may be made. While open, only the first one after the waiting time, as a probe. */
  admits(): boolean {
    if (this.#failures < this.#limits.failures) return true
    if (this.#now() < this.#openUntil) return false
    this.#openUntil = this.#now() + this.#limits.openMs
    return true
  }

  recordSuccess(): void {
    this.#failures = 0
  }

  recordFailure(): void {
    this.#failures += 1
    if (this.#failures >= this.#limits.failures) this.#openUntil = this.#now() + this.#limits.openMs
  }

  get isOpen(): boolean {
    return this.#failures >= this.#limits.failures
  }
}
