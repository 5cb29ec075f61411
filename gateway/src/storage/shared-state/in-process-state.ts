import type { CounterIncrement, IncrementResult, SharedState, Unsubscribe } from './shared-state.ts'

const sweepEvery = 1_000

interface Expiring<Value> {
  value: Value
  readonly expiresAt: number
}

/** Shared state of a single process; also what the others fall back to. `now` is in milliseconds. */
export class InProcessState implements SharedState {
  readonly #now: () => number
  readonly #values = new Map<string, Expiring<string>>()
  readonly #counters = new Map<string, Expiring<number>>()
  readonly #listeners = new Map<string, Set<(message: string) => void>>()
  #writesUntilSweep = sweepEvery

  constructor(now: () => number) {
    this.#now = now
  }

  /** Values and counters held, expired ones that were not swept yet included. */
  get size(): number {
    return this.#values.size + this.#counters.size
  }

  async get(key: string): Promise<string | null> {
    return this.#live(this.#values, key)?.value ?? null
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#sweepSometimes()
    this.#values.set(key, { value, expiresAt: this.#now() + ttlMs })
  }

  async delete(key: string): Promise<void> {
    this.#values.delete(key)
  }

  async increment(increments: readonly CounterIncrement[]): Promise<IncrementResult> {
    this.#sweepSometimes()
    const before = increments.map(({ key }) => this.#live(this.#counters, key)?.value ?? 0)
    const refused = increments.findIndex(
      ({ by, limit }, index) => limit !== null && by > 0 && (before[index] ?? 0) + by > limit,
    )
    if (refused >= 0) return { refusedBy: refused, values: before }
    return { refusedBy: null, values: increments.map((increment) => this.#add(increment)) }
  }

  async publish(channel: string, message: string): Promise<void> {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message)
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<Unsubscribe> {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#values.clear()
    this.#counters.clear()
    this.#listeners.clear()
  }

  #add({ key, by, ttlMs }: CounterIncrement): number {
    const counter = this.#live(this.#counters, key)
    const value = Math.max(0, (counter?.value ?? 0) + by)
    if (counter !== undefined) counter.value = value
    else if (value > 0) this.#counters.set(key, { value, expiresAt: this.#now() + ttlMs })
    return value
  }

  #live<Value>(entries: Map<string, Expiring<Value>>, key: string): Expiring<Value> | undefined {
    const entry = entries.get(key)
    if (entry === undefined || entry.expiresAt > this.#now()) return entry
    entries.delete(key)
    return undefined
  }

  #sweepSometimes(): void {
    this.#writesUntilSweep -= 1
    if (this.#writesUntilSweep > 0) return
    for (const key of this.#values.keys()) this.#live(this.#values, key)
    for (const key of this.#counters.keys()) this.#live(this.#counters, key)
    this.#writesUntilSweep = Math.max(sweepEvery, this.size)
  }
}
