import type { RequestRecord } from './request-record.ts'

/** Something that reads finished requests. It must not keep or change the array. */
export type RecordSink = (records: readonly RequestRecord[]) => void

export interface TelemetryQueueOptions {
  readonly sinks: readonly RecordSink[]
  /** Records that may wait; those beyond are dropped and counted. */
  readonly capacity?: number
  /** Told when a sink throws; the others still get the batch. */
  readonly onSinkError: (error: unknown) => void
}

const defaultCapacity = 20_000
const intervalMs = 50
/** So many are delivered with the next turn, while what they were made of is still at hand in the processor's caches. */
const promptLength = 8
/** Keeps one delivery well below a millisecond, and records young: what lives longer is copied by the collector. */
const batchSize = 32
/** Delivered records are let go of at this many even when the queue is never empty. */
const compactionLength = 4096

/**
 * Takes the record of each request off the request's own path: sinks get them in batches, every 50 ms or as soon as
 * there are eight, at most one batch per turn of the event loop.
 */
export class TelemetryQueue {
  readonly #sinks: readonly RecordSink[]
  readonly #capacity: number
  readonly #onSinkError: (error: unknown) => void
  readonly #deliver = (): void => this.#deliverBatch()
  #waiting: RequestRecord[] = []
  #taken = 0
  #timer: NodeJS.Timeout | null = null
  #immediate: NodeJS.Immediate | null = null
  #dropped = 0

  constructor(options: TelemetryQueueOptions) {
    this.#sinks = options.sinks
    this.#capacity = options.capacity ?? defaultCapacity
    this.#onSinkError = options.onSinkError
  }

  get droppedRecords(): number {
    return this.#dropped
  }

  get length(): number {
    return this.#waiting.length - this.#taken
  }

  push(record: RequestRecord): void {
    if (this.length >= this.#capacity) {
      this.#dropped += 1
      return
    }
    this.#waiting.push(record)
    this.#schedule()
  }

  /** Delivers everything now, for the drain and for a reader that needs the latest numbers. */
  flush(): void {
    while (this.length > 0) this.#deliverNext()
    this.#cancel()
  }

  #schedule(): void {
    if (this.#immediate !== null) return
    if (this.length >= promptLength) {
      this.#immediate = setImmediate(this.#deliver)
    } else if (this.#timer === null) {
      this.#timer = setTimeout(this.#deliver, intervalMs)
      this.#timer.unref()
    }
  }

  #deliverBatch(): void {
    this.#cancel()
    this.#deliverNext()
    if (this.length > 0) this.#schedule()
  }

  #deliverNext(): void {
    const end = Math.min(this.#taken + batchSize, this.#waiting.length)
    const batch = this.#waiting.slice(this.#taken, end)
    this.#taken = end
    if (this.#taken === this.#waiting.length || this.#taken > compactionLength) {
      this.#waiting = this.#waiting.slice(this.#taken)
      this.#taken = 0
    }
    for (const sink of this.#sinks) this.#deliverTo(sink, batch)
  }

  #deliverTo(sink: RecordSink, batch: readonly RequestRecord[]): void {
    try {
      sink(batch)
    } catch (error) {
      this.#onSinkError(error)
    }
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#immediate !== null) clearImmediate(this.#immediate)
    this.#timer = null
    this.#immediate = null
  }
}
