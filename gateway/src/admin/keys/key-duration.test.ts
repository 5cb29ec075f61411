import { describe, expect, it } from 'vitest'
import { addDuration, isDuration } from './key-duration.ts'

const at = (text: string): number => Date.parse(`${text}Z`)

describe('addDuration', () => {
  it.each([
    ['30s', '2026-01-31T10:00:30'],
    ['15m', '2026-01-31T10:15:00'],
    ['12h', '2026-01-31T22:00:00'],
    ['30d', '2026-03-02T10:00:00'],
    ['2w', '2026-02-14T10:00:00'],
    ['0s', '2026-01-31T10:00:00'],
    ['1mo', '2026-02-28T10:00:00'],
    ['2mo', '2026-03-31T10:00:00'],
    ['3mo', '2026-04-30T10:00:00'],
    ['12mo', '2027-01-31T10:00:00'],
    ['25mo', '2028-02-29T10:00:00'],
  ])('%s', (duration, expected) => {
    expect(addDuration(at('2026-01-31T10:00:00'), duration)).toBe(at(expected))
  })

  it('months begin and end at the same time of day, leap day included', () => {
    expect(addDuration(at('2024-02-29T23:59:59'), '12mo')).toBe(at('2025-02-28T23:59:59'))
  })

  it.each(['', '30', 'd', '-1d', '1.5h', '1 d', '1y', '1M', '1d ', 'forever'])('refuses %j', (text) => {
    expect(isDuration(text)).toBe(false)
    expect(() => addDuration(0, text)).toThrow(RangeError)
  })
})
