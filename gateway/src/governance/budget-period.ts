const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const dayMs = 86_400_000
const form = /^(\d+)(mo|s|m|h|d|w)$/

/** When a budget's current period began and when it ends, epoch milliseconds; `endsAt` is null for one without end. */
export interface BudgetPeriod {
  readonly startsAt: number | null
  readonly endsAt: number | null
}

const forEver: BudgetPeriod = { startsAt: null, endsAt: null }

/**
 * The period of a budget at a moment. `24h` and `1d` are days, `7d` and `1w` weeks from Monday, `30d` and `1mo` months,
 * all of the calendar of `timezone`; any other duration is counted from `createdAt`. Null, or what is no duration, has no end.
 */
export function budgetPeriod(
  duration: string | null,
  createdAt: number,
  now: number,
  timezone: string,
): BudgetPeriod {
  const match = duration === null ? null : form.exec(duration)
  if (match === null || Number(match[1]) === 0) return forEver
  const calendar = calendarUnit(duration as string)
  if (calendar !== null) return calendarPeriod(calendar, now, timezone)
  const [, amount, unit = ''] = match
  if (unit === 'mo') return monthsSince(createdAt, Number(amount), now)
  const lengthMs = Number(amount) * (unitMs[unit] ?? 0)
  const startsAt = createdAt + Math.floor(Math.max(0, now - createdAt) / lengthMs) * lengthMs
  return { startsAt, endsAt: startsAt + lengthMs }
}

type CalendarUnit = 'day' | 'week' | 'month'

function calendarUnit(duration: string): CalendarUnit | null {
  if (duration === '24h' || duration === '1d') return 'day'
  if (duration === '7d' || duration === '1w') return 'week'
  return duration === '30d' || duration === '1mo' ? 'month' : null
}

function calendarPeriod(unit: CalendarUnit, now: number, timezone: string): BudgetPeriod {
  const { year, month, day, weekday } = localDate(now, timezone)
  if (unit === 'day') return between([year, month, day], [year, month, day + 1], timezone)
  if (unit === 'month') return between([year, month, 1], [year, month + 1, 1], timezone)
  const monday = day - ((weekday + 6) % 7)
  return between([year, month, monday], [year, month, monday + 7], timezone)
}

type LocalDay = readonly [year: number, month: number, day: number]

function between(first: LocalDay, next: LocalDay, timezone: string): BudgetPeriod {
  return { startsAt: midnight(first, timezone), endsAt: midnight(next, timezone) }
}

/** Month from 0; days and months beyond the end carry over. */
function midnight([year, month, day]: LocalDay, timezone: string): number {
  const asUtc = Date.UTC(year, month, day)
  // Twice, since the offset may differ between the first guess and the real moment.
  const guess = asUtc - offsetAt(asUtc, timezone)
  return asUtc - offsetAt(guess, timezone)
}

/** How far local clocks are ahead of UTC, in milliseconds. */
function offsetAt(time: number, timezone: string): number {
  const { year, month, day, hour, minute, second } = localDate(time, timezone)
  return Date.UTC(year, month, day, hour, minute, second) - Math.floor(time / 1000) * 1000
}

const formats = new Map<string, Intl.DateTimeFormat>()

function localDate(time: number, timezone: string) {
  let format = formats.get(timezone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    })
    formats.set(timezone, format)
  }
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const read = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
  const [year, month, day] = [read('year'), read('month') - 1, read('day')]
  const weekday = new Date(Date.UTC(year, month, day)).getUTCDay()
  return { year, month, day, weekday, hour: read('hour'), minute: read('minute'), second: read('second') }
}

function monthsSince(createdAt: number, length: number, now: number): BudgetPeriod {
  const first = new Date(createdAt)
  const at = (months: number): number => {
    const end = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + months + 1, 0)
    const day = Math.min(first.getUTCDate(), new Date(end).getUTCDate())
    return Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + months, day) + (createdAt % dayMs)
  }
  const passed = new Date(now)
  const months =
    (passed.getUTCFullYear() - first.getUTCFullYear()) * 12 + passed.getUTCMonth() - first.getUTCMonth()
  let start = Math.max(0, Math.floor(months / length) * length)
  if (start > 0 && at(start) > now) start -= length
  return { startsAt: at(start), endsAt: at(start + length) }
}
