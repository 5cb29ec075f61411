/** The calendar month of a time, UTC, as `YYYY-MM`. */
export function monthOf(time: number): string {
  return new Date(time).toISOString().slice(0, 7)
}

/** Whole seconds until the next month begins, at least 1. */
export function secondsToNextMonth(time: number): number {
  const date = new Date(time)
  const next = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  return Math.max(1, Math.ceil((next - time) / 1_000))
}
