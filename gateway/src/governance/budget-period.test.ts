import { describe, expect, it } from 'vitest'
import { budgetPeriod } from './budget-period.ts'

const at = (text: string): number => Date.parse(text)
const created = at('2026-01-31T10:20:30Z')

describe('the period of a budget', () => {
  it.each([
    ['1d', '2026-03-18T15:00:00Z', '2026-03-18T00:00:00Z', '2026-03-19T00:00:00Z'],
    ['24h', '2026-03-18T00:00:00Z', '2026-03-18T00:00:00Z', '2026-03-19T00:00:00Z'],
    ['7d', '2026-03-18T15:00:00Z', '2026-03-16T00:00:00Z', '2026-03-23T00:00:00Z'],
    ['7d', '2026-03-15T23:59:59Z', '2026-03-09T00:00:00Z', '2026-03-16T00:00:00Z'],
    ['30d', '2026-12-31T15:00:00Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['1mo', '2028-02-29T15:00:00Z', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['2h', '2026-01-31T13:00:00Z', '2026-01-31T12:20:30Z', '2026-01-31T14:20:30Z'],
    ['45s', '2026-01-31T10:21:14Z', '2026-01-31T10:20:30Z', '2026-01-31T10:21:15Z'],
    ['2mo', '2026-02-28T00:00:00Z', '2026-01-31T10:20:30Z', '2026-03-31T10:20:30Z'],
    ['3mo', '2026-04-30T10:20:30Z', '2026-04-30T10:20:30Z', '2026-07-31T10:20:30Z'],
    ['3mo', '2026-04-30T10:20:29Z', '2026-01-31T10:20:30Z', '2026-04-30T10:20:30Z'],
  ])('%s at %s', (duration, now, startsAt, endsAt) => {
    const period = budgetPeriod(duration, created, at(now), 'UTC')
    expect(period).toEqual({ startsAt: at(startsAt), endsAt: at(endsAt) })
  })

  it.each([
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['Asia/Kolkata', '2026-06-01T18:29:59Z', '2026-05-31T18:30:00Z', '2026-06-01T18:30:00Z'],
  ])('has the days of %s, those with a changed clock included', (timezone, now, startsAt, endsAt) => {
    const period = budgetPeriod('1d', created, at(now), timezone)
    expect(period).toEqual({ startsAt: at(startsAt), endsAt: at(endsAt) })
  })

  it('has no end without a duration', () => {
    for (const duration of [null, 'never', '0d'])
      expect(budgetPeriod(duration, created, created, 'UTC')).toEqual({ startsAt: null, endsAt: null })
  })
})
