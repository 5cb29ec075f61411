import { describe, expect, it } from 'vitest'
import { formatTimestamp } from './timestamp.ts'

describe('formatTimestamp', () => {
  it.each([
    0, 9, 10, 99, 100, 999, 1000, 1_700_000_000_007, 1_700_000_000_070, 1_700_000_059_999, 1_700_000_060_000,
    -1,
  ])('agrees with Date for %d', (epochMs) => {
    expect(formatTimestamp(epochMs)).toBe(new Date(epochMs).toISOString())
  })

  it('drops fractions of a millisecond', () => {
    expect(formatTimestamp(1_700_000_000_007.9)).toBe('2023-11-14T22:13:20.007Z')
  })
})
