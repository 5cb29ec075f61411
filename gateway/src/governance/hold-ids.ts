const maxKept = 10_000

/**
 * Names for what calls hold. One that nobody holds anything by any more is used again, so that limiters meet few names instead of
 * a new one with each call.
 */
export class HoldIds {
  readonly #create: () => string
  readonly #free: string[] = []

  constructor(create: () => string) {
    this.#create = create
  }

  take(): string {
    return this.#free.pop() ?? this.#create()
  }

  /** Only when the limiter is known to hold nothing by it. */
  giveBack(id: string): void {
    if (this.#free.length < maxKept) this.#free.push(id)
  }
}
