import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { claimOwnership, type OwnerClaim } from '../owner-claim.ts'
import { AlarmThrottle, type RaiseAlarm } from './journal-alarm.ts'
import { measureSegments, openSuffix, ownerPath, sealedSuffix, segmentPath } from './segments.ts'
import { SpendLineWriter } from './spend-line.ts'
import type { SpendRow } from './spend-row.ts'

const segmentBytes = 4 * 1024 * 1024
const segmentAgeMs = 1_000
const measureEveryMs = 10_000
const maxUnwrittenBytes = 16 * 1024 * 1024

export interface SpendJournalOptions {
  readonly directory: string
  readonly raiseAlarm: RaiseAlarm
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Rows beyond this many bytes of segments are refused with an alarm. Default 1 GiB. */
  readonly maxBytes?: number
  /** For tests of disk failures. */
  readonly write?: (descriptor: number, bytes: Uint8Array) => number
}

/**
 * The append-only journal of settled spend on local disk; it is also the queue in front of the ledger. `append`
 * only formats. The rows of an event-loop turn go to the file in one synchronous write at its end or, when the
 * last write was less than a millisecond ago, a millisecond later with those of the turns in between. A row is
 * thus safe from the death of the process within about a millisecond after it was settled, and at the end of its
 * turn while traffic is light. Segments are sealed after a second or 4 MiB and then belong to whichever process
 * ingests them.
 */
export class SpendJournal {
  readonly instance = randomBytes(8).toString('hex')
  readonly #directory: string
  readonly #alarms: AlarmThrottle
  readonly #maxBytes: number
  readonly #write: (descriptor: number, bytes: Uint8Array) => number
  readonly #claim: OwnerClaim
  readonly #now: () => number
  readonly #onTurnEnd = (): void => this.#writeOrDelay()
  readonly #onWriteDue = (): void => this.#writePending()
  readonly #onAge = (): void => this.seal()
  readonly #measuring: NodeJS.Timeout
  /** Formatted together when they are written: a row at a time finds its code and data cold. */
  #rows: SpendRow[] = []
  readonly #lines = new SpendLineWriter()
  #writeScheduled = false
  #writeTimer: NodeJS.Timeout | null = null
  /** Epoch milliseconds of the last write. */
  #writtenAt = -1
  /** What a failed write left over; goes first next time, so that its line is completed. */
  #unwritten: Buffer | null = null
  #descriptor: number | null = null
  #sequence = 0
  #segmentSize = 0
  #ageTimer: NodeJS.Timeout | null = null
  #totalBytes = 0
  #lostRows = 0
  #closed = false

  constructor(options: SpendJournalOptions) {
    this.#directory = options.directory
    this.#alarms = new AlarmThrottle(options.raiseAlarm, options.now)
    this.#maxBytes = options.maxBytes ?? 1024 ** 3
    this.#write = options.write ?? writeSync
    this.#now = options.now
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    this.#claim = claimOwnership(ownerPath(this.#directory, this.instance))
    this.#measuring = setInterval(() => void this.#measure(), measureEveryMs)
    this.#measuring.unref()
    void this.#measure()
  }

  /** Records a settled row. Synchronous, never throws; trouble with the disk is raised as an alarm. */
  append(row: SpendRow): void {
    this.#rows.push(row)
    if (this.#writeScheduled) return
    this.#writeScheduled = true
    setImmediate(this.#onTurnEnd)
  }

  /** Rows refused because a bound was reached, since start. */
  get lostRows(): number {
    return this.#lostRows
  }

  /** Writes what is pending and hands the current segment over for ingestion. */
  seal(): void {
    this.#writePending()
    if (this.#descriptor === null || this.#unwritten !== null) return
    this.#clearAge()
    closeSync(this.#descriptor)
    this.#descriptor = null
    const { open, sealed } = this.#paths()
    this.#sequence += 1
    this.#segmentSize = 0
    try {
      renameSync(open, sealed)
    } catch (error) {
      this.#alarms.raise({
        kind: 'write-failed',
        message: `A journal segment could not be sealed: ${messageOf(error)}`,
        rows: 0,
      })
    }
  }

  /** Seals and gives the instance up; `append` must not be called afterwards. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.seal()
    this.#clearAge()
    clearInterval(this.#measuring)
    this.#alarms.finish()
    this.#claim.release()
  }

  #writeOrDelay(): void {
    if (this.#rows.length === 0 || this.#writeTimer !== null) return
    // Unequal rather than later, so that a clock set back delays nothing.
    if (Math.floor(this.#now()) !== this.#writtenAt) this.#writePending()
    else this.#writeTimer = setTimeout(this.#onWriteDue, 1)
  }

  #writePending(): void {
    this.#clearWriteTimer()
    this.#writeScheduled = false
    this.#enqueueLines()
    if (this.#unwritten === null) return
    this.#writtenAt = Math.floor(this.#now())
    try {
      this.#descriptor ??= this.#openSegment()
      this.#drainUnwritten(this.#descriptor)
    } catch (error) {
      this.#keepUnwritten()
      this.#alarms.raise({
        kind: 'write-failed',
        message: `The spend journal could not be written: ${messageOf(error)}`,
        rows: 0,
      })
      this.#retryLater()
      return
    }
    if (this.#segmentSize >= segmentBytes) this.seal()
  }

  /** Formats the rows and moves them behind what is still unwritten, unless a bound forbids it. */
  #enqueueLines(): void {
    if (this.#rows.length === 0) return
    const rows = this.#rows.length
    this.#lines.clear()
    for (const row of this.#rows) this.#lines.write(row)
    this.#rows = []
    const bytes = this.#lines.written
    const waiting = this.#unwritten?.length ?? 0
    const full = this.#totalBytes + waiting + bytes.length > this.#maxBytes
    if (full || waiting + bytes.length > maxUnwrittenBytes) {
      this.#lostRows += rows
      const reason = full
        ? `holds ${this.#maxBytes} bytes that the database has not taken`
        : 'cannot be written'
      this.#alarms.raise({
        kind: 'rows-lost',
        message: `The spend journal in ${this.#directory} ${reason}`,
        rows,
      })
      return
    }
    this.#unwritten = this.#unwritten === null ? bytes : Buffer.concat([this.#unwritten, bytes])
  }

  #drainUnwritten(descriptor: number): void {
    while (this.#unwritten !== null) {
      const written = this.#write(descriptor, this.#unwritten)
      this.#segmentSize += written
      this.#totalBytes += written
      this.#unwritten = written >= this.#unwritten.length ? null : this.#unwritten.subarray(written)
    }
  }

  /** The next lines are written where these stand. */
  #keepUnwritten(): void {
    if (this.#unwritten !== null) this.#unwritten = Buffer.from(this.#unwritten)
  }

  #openSegment(): number {
    const descriptor = openSync(this.#paths().open, 'a', 0o600)
    this.#retryLater()
    return descriptor
  }

  #retryLater(): void {
    if (this.#closed || this.#ageTimer !== null) return
    this.#ageTimer = setTimeout(() => {
      this.#ageTimer = null
      this.#onAge()
    }, segmentAgeMs)
    this.#ageTimer.unref()
  }

  #clearWriteTimer(): void {
    if (this.#writeTimer !== null) clearTimeout(this.#writeTimer)
    this.#writeTimer = null
  }

  #clearAge(): void {
    if (this.#ageTimer !== null) clearTimeout(this.#ageTimer)
    this.#ageTimer = null
  }

  #paths(): { open: string; sealed: string } {
    return {
      open: segmentPath(this.#directory, this.instance, this.#sequence, openSuffix),
      sealed: segmentPath(this.#directory, this.instance, this.#sequence, sealedSuffix),
    }
  }

  async #measure(): Promise<void> {
    this.#totalBytes = await measureSegments(this.#directory).catch(() => this.#totalBytes)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
