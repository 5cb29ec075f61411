import type { UseStore } from '../storage/use-store.ts'
import type { UseAccount } from './use-limit.ts'

const flushAfterMs = 1_000
/** While the database is away no more counters than these are kept. */
const maxWaiting = 50_000

/** What was added to one counter and is not written yet. */
export interface CountedUse extends UseAccount {
  readonly amount: number
}

export interface UseCountersOptions {
  readonly store: Pick<UseStore, 'read' | 'add'>
  readonly onError: (error: unknown) => void
}

/**
 * What was used, kept beyond the process: limiters forget, and ask here. Additions are summed up and written every second;
 * nothing waits for them.
 */
export class UseCounters {
  readonly #options: UseCountersOptions
  #waiting = new Map<string, CountedUse>()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(options: UseCountersOptions) {
    this.#options = options
  }

  add(account: UseAccount, amount: number): void {
    if (amount === 0) return
    this.#put({ ...account, amount })
    this.#timer ??= setTimeout(() => void this.flush(), flushAfterMs).unref()
  }

  /** Rejects with `storage_unavailable` when the database is away. */
  async read(account: UseAccount): Promise<number> {
    await this.#writing
    const stored = await this.#options.store.read(account.subject, account.group)
    return stored + (this.#waiting.get(nameOf(account))?.amount ?? 0)
  }

  /** Writes what waits, and again a second later when that fails. */
  async flush(): Promise<void> {
    this.#cancel()
    await this.#writing
    if (this.#waiting.size === 0) return
    const rows = [...this.#waiting.values()]
    this.#waiting = new Map()
    this.#writing = this.#write(rows)
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flush()
    this.#cancel()
  }

  async #write(rows: readonly CountedUse[]): Promise<void> {
    const { store, onError } = this.#options
    try {
      await store.add(rows)
    } catch (error) {
      onError(error)
      for (const row of rows) this.#put(row)
      this.#timer ??= setTimeout(() => void this.flush(), flushAfterMs).unref()
    }
  }

  #put(row: CountedUse): void {
    const name = nameOf(row)
    const known = this.#waiting.get(name)
    if (known === undefined && this.#waiting.size >= maxWaiting) return
    this.#waiting.set(name, { ...row, amount: row.amount + (known?.amount ?? 0) })
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

const nameOf = ({ subject, group }: UseAccount): string => `${subject}\n${group}`
