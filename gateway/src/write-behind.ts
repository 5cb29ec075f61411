const flushRows = 256
const maxWaiting = 16_384
const retryAfterMs = 1_000

export interface WriteBehindOptions<Row> {
  /** How long the first row waits for company. */
  readonly flushAfterMs: number
  /** Two rows with one key are one, the later. */
  readonly keyOf: (row: Row) => string
  readonly write: (rows: readonly Row[]) => Promise<void>
  /** Hears of every failed write; the rows of it are tried again. */
  readonly onWriteFailed: (error: unknown, waiting: number) => void
}

/**
 * The bounded queue between requests and a store, so that nothing waits for the database: rows are written some
 * milliseconds after the first or as soon as 256 wait, and a second later again when that has failed.
 */
export class WriteBehind<Row> {
  readonly #options: WriteBehindOptions<Row>
  readonly #waiting = new Map<string, Row>()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #isFailing = false

  constructor(options: WriteBehindOptions<Row>) {
    this.#options = options
  }

  /** Rows not yet written. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether the store refused the last write. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** False when there is no room for the row, which is then not kept. */
  add(row: Row): boolean {
    if (this.#waiting.size >= maxWaiting) return false
    this.#waiting.set(this.#options.keyOf(row), row)
    const isDue = this.#waiting.size >= flushRows && !this.#isFailing
    this.#schedule(isDue ? 0 : this.#options.flushAfterMs)
    return true
  }

  /** A row that is not written yet. */
  find(key: string): Row | undefined {
    return this.#waiting.get(key)
  }

  /** Writes what waits; resolves when it is written or a write has failed. */
  async flush(): Promise<void> {
    this.#cancel()
    while (this.#writing !== null) await this.#writing
    if (this.#waiting.size === 0) return
    this.#writing = this.#write([...this.#waiting.values()].slice(0, flushRows))
    await this.#writing
    if (this.#isFailing) this.#schedule(retryAfterMs)
    else if (this.#waiting.size > 0) await this.flush()
  }

  /** Writes what can be written and stops. */
  async close(): Promise<void> {
    await this.flush()
    this.#cancel()
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null && delayMs > 0) return
    this.#cancel()
    this.#timer = setTimeout(() => void this.flush(), delayMs)
    this.#timer.unref()
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  async #write(rows: readonly Row[]): Promise<void> {
    const { keyOf, write, onWriteFailed } = this.#options
    try {
      await write(rows)
      // What took the place of a row meanwhile is still to be written.
      for (const row of rows) if (this.#waiting.get(keyOf(row)) === row) this.#waiting.delete(keyOf(row))
      this.#isFailing = false
    } catch (error) {
      this.#isFailing = true
      onWriteFailed(error, this.#waiting.size)
    } finally {
      this.#writing = null
    }
  }
}
