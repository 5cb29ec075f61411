const mostPins = 10_000

/** The model a conversation is on. */
export interface Pin {
  readonly arm: string
  readonly tier: string
  readonly bundleId: string | null
  /** How often the conversation has moved, and since when it is on this model (epoch milliseconds). */
  readonly moves: number
  readonly since: number
  /** Requests of the conversation so far. */
  readonly turns: number
  /** Epoch milliseconds. */
  readonly usedAt: number
}

export interface PinsOptions {
  /** How long a pin lasts after its last use. */
  readonly ttlMs: () => number
  /** Tells other processes; null when there are none. */
  readonly announce: ((key: string, pin: Pin) => void) | null
}

/** Which conversation is on which model: the 10,000 used last, told to every process. */
export class Pins {
  readonly #pins = new Map<string, Pin>()
  readonly #options: PinsOptions

  constructor(options: PinsOptions) {
    this.#options = options
  }

  find(key: string, now: number): Pin | null {
    const pin = this.#pins.get(key)
    return pin === undefined || now - pin.usedAt > this.#options.ttlMs() ? null : pin
  }

  set(key: string, pin: Pin): void {
    const before = this.#pins.get(key)
    this.#store(key, pin)
    // Nobody else needs to hear that a conversation goes on as it did, more than now and then.
    if (before?.arm !== pin.arm || pin.turns === 2) this.#options.announce?.(key, pin)
  }

  /** What another process said: every process comes to the same pin, in whatever order it hears of them. */
  adopt(key: string, pin: Pin): void {
    const own = this.#pins.get(key)
    if (own === undefined || own.usedAt < pin.usedAt - this.#options.ttlMs() || isFirmer(pin, own))
      this.#store(key, { ...pin, usedAt: Math.max(pin.usedAt, own?.usedAt ?? 0) })
  }

  get size(): number {
    return this.#pins.size
  }

  #store(key: string, pin: Pin): void {
    this.#pins.delete(key)
    this.#pins.set(key, pin)
    if (this.#pins.size <= mostPins) return
    const oldest = this.#pins.keys().next()
    if (!oldest.done) this.#pins.delete(oldest.value)
  }
}

/** The pin after one more request, at `now`. A conversation that moves begins anew on its model. */
export function continuePin(
  pin: Pin | null,
  chosen: Pick<Pin, 'arm' | 'tier' | 'bundleId'>,
  now: number,
): Pin {
  const stays = pin === null || pin.arm === chosen.arm
  return {
    ...chosen,
    moves: (pin?.moves ?? 0) + (stays ? 0 : 1),
    since: stays ? (pin?.since ?? now) : now,
    turns: (pin?.turns ?? 0) + 1,
    usedAt: now,
  }
}

/** The one that has moved more often knows more; of first ones the first counts, so that later requests adopt it. */
function isFirmer(one: Pin, other: Pin): boolean {
  if (one.moves !== other.moves) return one.moves > other.moves
  if (one.since !== other.since) return one.since < other.since
  return one.arm < other.arm
}
