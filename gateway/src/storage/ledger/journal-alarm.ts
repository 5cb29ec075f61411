/** Something an operator must know about spend that is not yet in the database. */
export interface JournalAlarm {
  readonly kind:
    | 'write-failed' // the disk refused a write; rows are kept in memory and tried again
    | 'rows-lost' // a bound is reached; `rows` rows were lost
    | 'ingest-failing' // the database refuses rows; they stay on disk
    | 'rows-refused' // `rows` rows are torn, damaged or not storable; their segment is kept aside
  readonly message: string
  readonly rows: number
}

export type RaiseAlarm = (alarm: JournalAlarm) => void

const quietMs = 10_000

/**
 * Passes the first alarm of a kind on at once and sums the rows of those that follow within ten seconds into
 * the next one, so that an outage does not write a line per request. `finish` passes on what is still summed.
 */
export class AlarmThrottle {
  readonly #raise: RaiseAlarm
  readonly #now: () => number
  readonly #kinds = new Map<JournalAlarm['kind'], { raisedAt: number; held: JournalAlarm | null }>()

  constructor(raise: RaiseAlarm, now: () => number) {
    this.#raise = raise
    this.#now = now
  }

  raise(alarm: JournalAlarm): void {
    const now = this.#now()
    const seen = this.#kinds.get(alarm.kind)
    const summed = seen?.held == null ? alarm : { ...alarm, rows: alarm.rows + seen.held.rows }
    const loud = seen === undefined || now - seen.raisedAt >= quietMs
    this.#kinds.set(
      alarm.kind,
      loud ? { raisedAt: now, held: null } : { raisedAt: seen.raisedAt, held: summed },
    )
    if (loud) this.#raise(summed)
  }

  finish(): void {
    for (const { held } of this.#kinds.values()) if (held !== null) this.#raise(held)
    this.#kinds.clear()
  }
}
