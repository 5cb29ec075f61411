import { mkdirSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { isRefusedData } from '../database/database-error.ts'
import { InterruptiblePause } from './interruptible-pause.ts'
import { AlarmThrottle, type RaiseAlarm } from './journal-alarm.ts'
import { parseSegment } from './parse-segment.ts'
import { listReadySegments, removeDeadOwners, type SegmentFile } from './segments.ts'
import type { SpendEntry } from './spend-row.ts'

const rowsPerInsert = 1_000
const pollMs = 500
/** Pause after an insert, in multiples of its duration: at most a tenth of the time goes to the ledger. */
const pauseFactor = 9
const maxPauseMs = 30_000

export interface SpendIngesterOptions {
  readonly directory: string
  /** Must be idempotent on `entryId`. */
  readonly insert: (entries: readonly SpendEntry[]) => Promise<void>
  readonly raiseAlarm: RaiseAlarm
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * Moves sealed journal segments into the ledger in the background, oldest first. A segment is removed once all
 * its rows are in; a crash in between repeats it, which the entry ids make harmless. While the database is away
 * segments stay where they are.
 */
export class SpendIngester {
  readonly #directory: string
  readonly #insert: (entries: readonly SpendEntry[]) => Promise<void>
  readonly #alarms: AlarmThrottle
  readonly #now: () => number
  readonly #pause = new InterruptiblePause()
  #background: Promise<void> | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #stopped = false
  /** Flushes waiting for their turn; the background work steps aside for them. */
  #urgent = 0

  constructor(options: SpendIngesterOptions) {
    this.#directory = options.directory
    this.#insert = options.insert
    this.#alarms = new AlarmThrottle(options.raiseAlarm, options.now)
    this.#now = options.now
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
  }

  start(): void {
    this.#background ??= this.#runInBackground()
  }

  /** Ingests everything that is ready, without pauses, for about `budgetMs`. True when nothing is left. */
  async flush(budgetMs: number): Promise<boolean> {
    const deadline = this.#now() + budgetMs
    this.#urgent += 1
    this.#pause.interrupt()
    const pass = this.#queue.then(() =>
      this.#ingestReady(
        () => this.#now() >= deadline,
        async () => {},
      ),
    )
    this.#queue = pass.catch(() => {})
    try {
      return await pass
    } catch (error) {
      this.#reportFailure(error)
      return false
    } finally {
      this.#urgent -= 1
    }
  }

  /** Ends the background work after the insert that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#pause.interrupt()
    await this.#background
    await this.#queue
    this.#alarms.finish()
  }

  async #runInBackground(): Promise<void> {
    await removeDeadOwners(this.#directory).catch((error) => this.#reportFailure(error))
    const stepAside = (): boolean => this.#stopped || this.#urgent > 0
    let failures = 0
    while (!this.#stopped) {
      const pass = this.#queue.then(() =>
        this.#ingestReady(stepAside, (durationMs) => this.#rest(durationMs)),
      )
      this.#queue = pass.catch(() => {})
      try {
        await pass
        failures = 0
      } catch (error) {
        failures += 1
        this.#reportFailure(error)
      }
      if (!this.#stopped) await this.#pause.wait(Math.min(maxPauseMs, pollMs * 2 ** Math.min(failures, 10)))
    }
  }

  async #ingestReady(
    interrupted: () => boolean,
    rest: (durationMs: number) => Promise<void>,
  ): Promise<boolean> {
    for (const segment of await listReadySegments(this.#directory)) {
      if (interrupted() || !(await this.#ingest(segment, interrupted, rest))) return false
    }
    return true
  }

  /** False when interrupted before the end; the segment then stays and is repeated later. */
  async #ingest(
    segment: SegmentFile,
    interrupted: () => boolean,
    rest: (durationMs: number) => Promise<void>,
  ): Promise<boolean> {
    const text = await readSegment(segment.path)
    if (text === null) return true
    const { entries, damaged } = parseSegment(segment.id, text)
    let refused = damaged
    for (let start = 0; start < entries.length; start += rowsPerInsert) {
      if (start > 0 && interrupted()) return false
      const startedAt = this.#now()
      refused += await this.#insertStorable(entries.slice(start, start + rowsPerInsert))
      await rest(this.#now() - startedAt)
    }
    await this.#dispose(segment, refused)
    return true
  }

  /** Inserts what the database accepts and returns how many rows it refuses, found by halving the batch. */
  async #insertStorable(entries: readonly SpendEntry[]): Promise<number> {
    try {
      await this.#insert(entries)
      return 0
    } catch (error) {
      if (!isRefusedData(error)) throw error
      if (entries.length === 1) return 1
      const half = entries.length >> 1
      return (
        (await this.#insertStorable(entries.slice(0, half))) +
        (await this.#insertStorable(entries.slice(half)))
      )
    }
  }

  async #dispose(segment: SegmentFile, refused: number): Promise<void> {
    if (refused === 0) return rm(segment.path, { force: true })
    const aside = `${segment.path}.refused`
    await rename(segment.path, aside)
    this.#alarms.raise({
      kind: 'rows-refused',
      message: `Spend rows could not be stored; their segment is kept as ${aside}`,
      rows: refused,
    })
  }

  #rest(durationMs: number): Promise<void> {
    if (this.#stopped || this.#urgent > 0) return Promise.resolve()
    return this.#pause.wait(Math.min(maxPauseMs, durationMs * pauseFactor))
  }

  #reportFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#alarms.raise({
      kind: 'ingest-failing',
      message: `Spend stays in the journal, the database does not take it: ${reason}`,
      rows: 0,
    })
  }
}

/** Null when another process took it first. */
async function readSegment(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
