import { expect, it } from 'vitest'
import { calendarWindow } from './calendar-window.ts'

const at = (text: string): number => Date.parse(text)

it.each([
  ['minute', 'UTC', '2026-03-01T10:20:00Z', '2026-03-01T10:21:00Z'],
  ['hour', 'Asia/Kolkata', '2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z'],
  ['day', 'UTC', '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'],
  ['day', 'Europe/Berlin', '2026-02-28T23:00:00Z', '2026-03-01T23:00:00Z'],
  ['week', 'UTC', '2026-02-23T00:00:00Z', '2026-03-02T00:00:00Z'],
  ['month', 'UTC', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'],
] as const)('the %s in %s', (unit, timezone, start, end) => {
  const window = calendarWindow(unit, at('2026-03-01T10:20:30Z'), timezone)
  expect(window).toEqual({ startsAt: at(start), endsAt: at(end) })
  expect(calendarWindow(unit, window.endsAt - 1, timezone)).toEqual(window)
  expect(calendarWindow(unit, window.endsAt, timezone).startsAt).toBe(window.endsAt)
  expect(calendarWindow(unit, window.startsAt - 1, timezone).endsAt).toBe(window.startsAt)
})
