import { mkdirSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { restAfter } from './ingest-pace.ts'
import { InterruptiblePause } from './interruptible-pause.ts'
import { AlarmThrottle, type RaiseAlarm } from './journal-alarm.ts'
import { SegmentReader } from './segment-reader.ts'
import { listReadySegments, removeDeadOwners, type SegmentFile } from './segments.ts'
import { isSpendLine } from './spend-line.ts'
import { type InsertLines, storeLines } from './store-lines.ts'

const pollMs = 500
const maxPauseMs = 30_000
/** How long a list of segments, and the pace that follows from it, stays in use. */
const listAgeMs = 5_000

export interface SpendIngesterOptions {
  readonly directory: string
  /** Must be idempotent on segment and line number. */
  readonly insert: InsertLines
  readonly raiseAlarm: RaiseAlarm
  /** Milliseconds. */
  readonly now: () => number
}

/** How to go through the segments: when to stop, and how to rest after work that took so long. */
interface Pass {
  interrupted(): boolean
  rest(workMs: number, backlogBytes: number): Promise<void>
}

/**
 * Moves sealed journal segments into the ledger in the background, oldest first. A segment is removed once all
 * its rows are in; a crash in between repeats it, which the entry ids make harmless. While the database is away
 * segments stay where they are.
 */
export class SpendIngester {
  readonly #directory: string
  readonly #insert: InsertLines
  readonly #alarms: AlarmThrottle
  readonly #now: () => number
  readonly #pause = new InterruptiblePause()
  readonly #reader = new SegmentReader()
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
    try {
      return await this.#enqueue({ interrupted: () => this.#now() >= deadline, rest: async () => {} })
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
    const pass: Pass = {
      interrupted: () => this.#stopped || this.#urgent > 0,
      rest: (workMs, backlogBytes) => this.#rest(restAfter(workMs, backlogBytes)),
    }
    let failures = 0
    while (!this.#stopped) {
      try {
        await this.#enqueue(pass)
        failures = 0
      } catch (error) {
        failures += 1
        this.#reportFailure(error)
      }
      if (!this.#stopped) await this.#pause.wait(Math.min(maxPauseMs, pollMs * 2 ** Math.min(failures, 10)))
    }
  }

  #enqueue(pass: Pass): Promise<boolean> {
    const turn = this.#queue.then(() => this.#ingestReady(pass))
    this.#queue = turn.catch(() => {})
    return turn
  }

  /** True when nothing is left. */
  async #ingestReady(pass: Pass): Promise<boolean> {
    for (;;) {
      const segments = await listReadySegments(this.#directory)
      const end = await this.#ingestListed(segments, pass)
      if (end !== 'outdated') return end === 'done'
    }
  }

  async #ingestListed(
    segments: readonly SegmentFile[],
    pass: Pass,
  ): Promise<'done' | 'interrupted' | 'outdated'> {
    const outdatedAt = this.#now() + listAgeMs
    const backlogBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const segment of segments) {
      if (pass.interrupted() || !(await this.#ingest(segment, pass, backlogBytes))) return 'interrupted'
      if (this.#now() >= outdatedAt) return 'outdated'
    }
    return 'done'
  }

  /** False when interrupted before the end; the segment then stays and is repeated later. */
  async #ingest(segment: SegmentFile, pass: Pass, backlogBytes: number): Promise<boolean> {
    let refused = 0
    for await (const { lines, torn } of this.#reader.read(segment)) {
      if (lines.firstLine > 0 && pass.interrupted()) return false
      // A torn line was cut by a crash before it was settled: no loss, unless only its line feed is missing.
      if (torn && !isSpendLine(lines.text.toString())) break
      const startedAt = this.#now()
      refused += await storeLines(lines, this.#insert)
      await pass.rest(this.#now() - startedAt, backlogBytes)
    }
    await this.#dispose(segment.path, refused)
    return true
  }

  async #dispose(path: string, refused: number): Promise<void> {
    if (refused === 0) return rm(path, { force: true })
    const aside = `${path}.refused`
    await rename(path, aside)
    this.#alarms.raise({
      kind: 'rows-refused',
      message: `Spend rows could not be stored; their segment is kept as ${aside}`,
      rows: refused,
    })
  }

  #rest(durationMs: number): Promise<void> {
    if (durationMs === 0 || this.#stopped || this.#urgent > 0) return Promise.resolve()
    return this.#pause.wait(durationMs)
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
