import type { ChoiceStore, KeptChoice } from './choice-store.ts'

const flushAfterMs = 100
const flushRows = 256
const maxWaiting = 16_384
const retryAfterMs = 1_000

export interface ChoiceLogOptions {
  readonly store: Pick<ChoiceStore, 'saveChoices'>
  /** Hears of every failed write; the rows of it are tried again. */
  readonly onWriteFailed: (error: unknown, waiting: number) => void
}

/** The bounded queue between requests and the store: nothing waits for the database, and what does not fit is not kept. */
export class ChoiceLog {
  readonly #options: ChoiceLogOptions
  readonly #waiting = new Map<string, KeptChoice>()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null

  constructor(options: ChoiceLogOptions) {
    this.#options = options
  }

  record(choice: KeptChoice): void {
    if (this.#waiting.size >= maxWaiting) return
    this.#waiting.set(choice.decisionId, choice)
    this.#schedule(this.#waiting.size >= flushRows ? 0 : flushAfterMs)
  }

  /** Writes what waits; resolves when it is written or the write has failed. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#writing !== null) await this.#writing
    if (this.#waiting.size === 0) return
    this.#writing = this.#write([...this.#waiting.values()].slice(0, flushRows))
    await this.#writing
    if (this.#waiting.size > 0) this.#schedule(retryAfterMs)
  }

  async close(): Promise<void> {
    await this.flush()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null && delayMs > 0) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), delayMs)
    this.#timer.unref()
  }

  async #write(rows: readonly KeptChoice[]): Promise<void> {
    try {
      await this.#options.store.saveChoices(rows)
      for (const { decisionId } of rows) this.#waiting.delete(decisionId)
    } catch (error) {
      this.#options.onWriteFailed(error, this.#waiting.size)
    } finally {
      this.#writing = null
    }
  }
}
