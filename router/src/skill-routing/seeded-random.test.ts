import { describe, expect, it } from 'vitest'
import { createSeededRandom } from './seeded-random.ts'

const seed = (...words: number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(32))
  words.forEach((word, index) => {
    view.setUint32(index * 4, word)
  })
  return new Uint8Array(view.buffer)
}

describe('createSeededRandom', () => {
  it('draws what the reference implementation of xoshiro128++ draws', () => {
    const random = createSeededRandom(seed(1, 2, 3, 4))
    const drawn = Array.from({ length: 5 }, () => random.next() * 2 ** 32)
    expect(drawn).toEqual([641, 1573767, 3222811527, 3517856514, 836907274])
  })

  it('leaves the all-zero state', () => {
    const random = createSeededRandom(seed(0, 0, 0, 0))
    expect(new Set(Array.from({ length: 10 }, () => random.next())).size).toBeGreaterThan(5)
  })

  it('stays in [0, 1)', () => {
    const random = createSeededRandom(seed(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff))
    const drawn = Array.from({ length: 10_000 }, () => random.next())
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...drawn)).toBeLessThan(1)
  })
})
