import type { DecisionStore } from './decision-store.ts'
import type { RoutingDecision } from './routing-decision.ts'

const flushAfterMs = 250
const flushRows = 256
const maxWaiting = 16_384
const retryAfterMs = 1_000

export interface DecisionLogOptions {
  readonly store: DecisionStore
  /** Hears of every failed write; the rows of it are tried again. */
  readonly onWriteFailed: (error: unknown, waiting: number) => void
}

/**
 * The write-behind queue between the hot path and the store. Nothing waits for the database: rows are written 250 ms
 * after the first or as soon as 256 wait, and until then found in the queue. While the database refuses them no more
 * are taken, so that nobody is promised a join that may not come.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions
  readonly #waiting = new Map<string, RoutingDecision>()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #isFailing = false

  constructor(options: DecisionLogOptions) {
    this.#options = options
  }

  /** Rows not yet written. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** False when the decision will not be kept: its routing id is synthetic. */
  record(decision: RoutingDecision): boolean {
    if (this.#isFailing || this.#waiting.size >= maxWaiting) return false
    this.#waiting.set(decision.routingId, decision)
    this.#schedule(this.#waiting.size >= flushRows ? 0 : flushAfterMs)
    return true
  }

  /** Null when there is none in this workspace. Rejects with `storage_unavailable`. */
  async find(workspaceId: string, routingId: string): Promise<RoutingDecision | null> {
    const waiting = this.#waiting.get(routingId)
    if (waiting !== undefined) return waiting.workspaceId === workspaceId ? waiting : null
    return this.#options.store.findDecision(workspaceId, routingId)
  }

  /** Writes what waits; resolves when it is written or the write has failed. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
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
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null && delayMs > 0) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), delayMs)
    this.#timer.unref()
  }

  async #write(rows: readonly RoutingDecision[]): Promise<void> {
    try {
      await this.#options.store.saveDecisions(rows)
      for (const { routingId } of rows) this.#waiting.delete(routingId)
      this.#isFailing = false
    } catch (error) {
      this.#isFailing = true
      this.#options.onWriteFailed(error, this.#waiting.size)
    } finally {
      this.#writing = null
    }
  }
}
