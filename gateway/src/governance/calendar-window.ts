import { budgetPeriod } from './budget-period.ts'

export const calendarUnits = ['minute', 'hour', 'day', 'week', 'month'] as const
export type CalendarUnit = (typeof calendarUnits)[number]

/** The minute, hour, day, week or month a moment is in. Epoch milliseconds, the end excluded. */
export interface CalendarWindow {
  readonly startsAt: number
  readonly endsAt: number
}

const fixedMs = { minute: 60_000, hour: 3_600_000 } as const
const durations = { day: '1d', week: '1w', month: '1mo' } as const
const current = new Map<string, CalendarWindow>()

/** Weeks begin on Monday; days, weeks and months are those of `timezone`. The calendar is asked once a window. */
export function calendarWindow(unit: CalendarUnit, now: number, timezone: string): CalendarWindow {
  const name = `${unit} ${timezone}`
  const known = current.get(name)
  if (known !== undefined && now >= known.startsAt && now < known.endsAt) return known
  const window = findWindow(unit, now, timezone)
  current.set(name, window)
  return window
}

function findWindow(unit: CalendarUnit, now: number, timezone: string): CalendarWindow {
  if (unit === 'minute' || unit === 'hour') {
    const startsAt = Math.floor(now / fixedMs[unit]) * fixedMs[unit]
    return { startsAt, endsAt: startsAt + fixedMs[unit] }
  }
  const { startsAt, endsAt } = budgetPeriod(durations[unit], 0, now, timezone)
  if (startsAt === null || endsAt === null) throw new Error(`a ${unit} has no end`)
  return { startsAt, endsAt }
}
