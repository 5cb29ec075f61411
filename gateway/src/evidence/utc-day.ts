const dayMs = 86_400_000

/** The UTC day of a time in epoch milliseconds: `YYYY-MM-DD`. */
export function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** The day so many days earlier (negative: later). */
export function daysBefore(day: string, days: number): string {
  return utcDay(Date.parse(day) - days * dayMs)
}

/** Whole days from one day to a later one. */
export function daysBetween(earlier: string, later: string): number {
  return Math.round((Date.parse(later) - Date.parse(earlier)) / dayMs)
}
