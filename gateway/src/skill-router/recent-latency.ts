const capacity = 4_096
const windowMs = 5 * 60_000

/** The durations of the latest decisions, for percentiles of the last five minutes. */
export class RecentLatency {
  readonly #durations = new Float64Array(capacity)
  readonly #endedAt = new Float64Array(capacity)
  #next = 0

  /** Milliseconds, both. */
  record(durationMs: number, endedAt: number): void {
    this.#durations[this.#next] = durationMs
    this.#endedAt[this.#next] = endedAt
    this.#next = (this.#next + 1) % capacity
  }

  /** Null while nothing was measured. */
  percentiles(now: number): {
    readonly count: number
    readonly p50: number | null
    readonly p99: number | null
  } {
    const recent = this.#durations.filter((_, at) => (this.#endedAt[at] ?? 0) > now - windowMs).sort()
    const pick = (share: number): number | null =>
      recent[Math.min(recent.length - 1, Math.floor(recent.length * share))] ?? null
    return { count: recent.length, p50: pick(0.5), p99: pick(0.99) }
  }
}
