/** One counter to add to. */
export interface CounterIncrement {
  readonly key: string
  /** A whole number; negative gives back what was taken earlier. A counter never falls below 0. */
  readonly by: number
  /** The counter disappears this long after it was created; later increments do not prolong it. */
  readonly ttlMs: number
  /** The increment is refused when the counter would rise above this; null never refuses. */
  readonly limit: number | null
}

export interface IncrementResult {
  /** Index of the first counter that refused, in which case none was changed; null when all were. */
  readonly refusedBy: number | null
  /** All counters as they are now, in the order given. */
  readonly values: readonly number[]
}

/** A function that ends a subscription. */
export type Unsubscribe = () => void

/**
 * What gateways that act as one must share at once: short-lived values (cooldowns), counters (limits) and
 * notices (invalidation). Values are text. Nothing here survives a restart of its owner.
 */
export interface SharedState {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  delete(key: string): Promise<void>
  /** Adds to all counters in one atomic step, or to none when one would pass its limit. Keys must differ. */
  increment(increments: readonly CounterIncrement[]): Promise<IncrementResult>
  /** Tells every subscriber of the channel, this process included. Delivery is best effort. */
  publish(channel: string, message: string): Promise<void>
  subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe>
  close(): Promise<void>
}
