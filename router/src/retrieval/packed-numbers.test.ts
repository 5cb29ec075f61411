import { describe, expect, it } from 'vitest'
import { packNumbers, unpackNumbers } from './packed-numbers.ts'

describe('packed numbers', () => {
  it.each([[[]], [[0]], [[7, 7]], [[5, 3, 0, 127, 64, 128, 129, 20_000, 3_000_000, 1, 2 ** 29]]])(
    'come back in their order: %j',
    (numbers) => {
      expect(unpackNumbers(packNumbers(Int32Array.from(numbers)))).toEqual(numbers)
    },
  )

  it('come back however many they are', () => {
    const numbers = Int32Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 100_000)
    expect(unpackNumbers(packNumbers(numbers))).toEqual([...numbers])
  })

  it('take a byte for near ones', () => {
    expect(packNumbers(Int32Array.from({ length: 100 }, (_, index) => 50 * index)).length).toBe(100)
  })
})
