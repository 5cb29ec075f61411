const tickMs = 10

interface Waiting {
  readonly lastTick: number
  readonly giveUp: () => void
}

/**
 * Waits for answers for a limited time, and knows the difference between a service that is slow and a process that was
 * too busy to look: a pause of the event loop, however long, counts as one tick of ten milliseconds.
 */
export class Patience {
  readonly #ticks: number
  readonly #queue: Waiting[] = []
  #now = 0
  #timer: NodeJS.Timeout | null = null

  constructor(budgetMs: number) {
    this.#ticks = Math.max(1, Math.round(budgetMs / tickMs))
  }

  /** The answer, or a rejection when it did not come in time. What comes later is ignored. */
  await<Result>(answer: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new Error('no answer in time'))
      // The tick under way counts only in part.
      this.#queue.push({ lastTick: this.#now + this.#ticks + 1, giveUp })
      this.#timer ??= setInterval(() => this.#tick(), tickMs).unref()
      answer.then(resolve, reject)
    })
  }

  /** All wait equally long, so that only the oldest need a look. Those answered long ago take no notice. */
  #tick(): void {
    this.#now += 1
    let overdue = 0
    for (const { lastTick, giveUp } of this.#queue) {
      if (lastTick > this.#now) break
      giveUp()
      overdue += 1
    }
    this.#queue.splice(0, overdue)
    if (this.#queue.length > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
