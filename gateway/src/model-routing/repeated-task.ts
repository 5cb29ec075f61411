/** So that another interval counts soon after it is configured. */
const mostWaitMs = 60_000

export interface RepeatedTaskOptions {
  readonly work: () => Promise<void>
  /** Milliseconds from one time to the next. */
  readonly everyMs: () => number
  readonly now: () => number
  readonly onError: (error: unknown) => void
}

/** Work that is done at once, and then again and again until it is closed. */
export class RepeatedTask {
  readonly #options: RepeatedTaskOptions
  #timer: NodeJS.Timeout | null = null
  #doneAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(options: RepeatedTaskOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { work, everyMs, now, onError } = this.#options
    if (now() - this.#doneAt >= everyMs()) {
      this.#doneAt = now()
      await work().catch(onError)
    }
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.run(), Math.min(everyMs(), mostWaitMs))
    this.#timer.unref()
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
