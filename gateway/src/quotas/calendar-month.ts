/** The calendar month of a moment, UTC. */
export interface CalendarMonth {
  /** `YYYY-MM`. */
  readonly name: string
  /** Whole seconds from that moment until the next month begins, at least 1. */
  readonly endsInSeconds: number
}

/** `time` in epoch milliseconds. */
export function calendarMonth(time: number): CalendarMonth {
  const date = new Date(time)
  const next = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  return {
    name: date.toISOString().slice(0, 7),
    endsInSeconds: Math.max(1, Math.ceil((next - time) / 1_000)),
  }
}
