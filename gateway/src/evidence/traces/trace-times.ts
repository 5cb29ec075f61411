import { TraceError } from './trace-error.ts'

const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/i
const hasZone = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i
const yearMs = 365.25 * 86_400_000
const oldestMs = 5 * yearMs
const futureMs = 86_400_000

/** When something began and ended, epoch milliseconds. */
export interface TraceTimes {
  readonly startedAt: number | null
  readonly endedAt: number | null
}

/** Reads and checks the times of a trace or span against the clock. Without a zone a time is UTC. */
export function readTimes(
  { started_at, ended_at }: { started_at?: string | null | undefined; ended_at?: string | null | undefined },
  now: number,
  where = '',
): TraceTimes {
  const startedAt = readTime(started_at, `${where}started_at`, now)
  const endedAt = readTime(ended_at, `${where}ended_at`, now)
  if (startedAt !== null && endedAt !== null && endedAt < startedAt) {
    throw new TraceError(`${where}ended_at is before ${where}started_at`)
  }
  return { startedAt, endedAt }
}

function readTime(text: string | null | undefined, name: string, now: number): number | null {
  if (text == null) return null
  const time = iso.test(text) ? Date.parse(withZone(text)) : Number.NaN
  if (Number.isNaN(time))
    throw new TraceError(`${name} is not an ISO 8601 time: ${JSON.stringify(text.slice(0, 64))}`)
  if (time < now - oldestMs) throw new TraceError(`${name} is more than 5 years in the past`)
  if (time > now + futureMs)
    throw new TraceError(`${name} is more than 1 day in the future; check the clock of the sender`)
  return time
}

function withZone(text: string): string {
  const joined = text.replace(' ', 'T')
  return joined.includes('T') && !hasZone.test(joined.slice(10)) ? `${joined}Z` : joined
}
