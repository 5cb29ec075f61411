import { GatewayError } from '@routeiq/contract'

export interface PlaceLimits {
  readonly maxConcurrent: number
  /** How many wait for a place. */
  readonly maxQueued: number
}

/** Places for processes that run at once. Whoever waits longest is next. */
export class Places {
  readonly #limits: PlaceLimits
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(limits: PlaceLimits) {
    this.#limits = limits
  }

  /** Resolves when there is a place. Error: `skill_busy` when too many wait already. */
  async enter(): Promise<void> {
    if (this.#taken < this.#limits.maxConcurrent) {
      this.#taken += 1
      return
    }
    if (this.#waiting.length >= this.#limits.maxQueued)
      throw new GatewayError('skill_busy', 'Too many skills run at once; try again.', {
        retryAfterSeconds: 1,
      })
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken -= 1
    else next()
  }
}
