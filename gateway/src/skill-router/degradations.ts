/** Why an answer was made with less than everything, as `degraded_reason` and a metric say it. */
export type DegradedReason =
  | 'embedder_unavailable'
  | 'retrieval_error'
  | 'effectiveness_unavailable'
  | 'decision_write_failed'
  | 'store_unavailable'
  | 'index_loading'
  | 'routing_late'

const warnEveryMs = 5 * 60_000

export interface DegradationOptions {
  readonly count: (reason: DegradedReason) => void
  /** Called at most once in five minutes for one reason. */
  readonly warn: (reason: DegradedReason, error: unknown) => void
  readonly now: () => number
}

/** Counts and reports what went wrong on the hot path; nothing of it reaches the caller as an error. */
export class Degradations {
  readonly #options: DegradationOptions
  readonly #counts = new Map<DegradedReason, number>()
  readonly #warnedAt = new Map<DegradedReason, number>()

  constructor(options: DegradationOptions) {
    this.#options = options
  }

  /** Since the start of this process. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  record(reason: DegradedReason, error: unknown): DegradedReason {
    const { count, warn, now } = this.#options
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
    count(reason)
    const last = this.#warnedAt.get(reason)
    if (last === undefined || now() - last >= warnEveryMs) {
      this.#warnedAt.set(reason, now())
      warn(reason, error)
    }
    return reason
  }
}
