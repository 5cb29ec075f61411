import { describe, expect, it } from 'vitest'
import { packTerms, unpackTerms } from './packed-terms.ts'

describe('packed terms', () => {
  it.each([[[]], [[0]], [[5, 3, 0, 127, 128, 129, 20_000, 3_000_000, 2 ** 30]]])(
    'come back sorted: %j',
    (terms) => {
      const packed = packTerms(Int32Array.from(terms))
      expect(unpackTerms(packed)).toEqual([...terms].sort((one, other) => one - other))
    },
  )

  it('take about a byte for near ones', () => {
    expect(packTerms(Int32Array.from({ length: 100 }, (_, index) => 900 + 100 * index)).length).toBe(101)
  })
})
