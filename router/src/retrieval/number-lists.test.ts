import { describe, expect, it } from 'vitest'
import { createRandom } from './make-skill.fixture.ts'
import { NumberLists } from './number-lists.ts'

describe('NumberLists', () => {
  it('keeps the list of every slot through edits that lengthen, shorten and empty them', () => {
    const random = createRandom(3)
    const lists = new NumberLists()
    const expected: number[][] = []
    for (let round = 0; round < 5_000; round++) {
      const slot = Math.floor(300 * random())
      const list = Array.from({ length: Math.floor(40 * random() ** 2) }, () => Math.floor(1e9 * random()))
      lists.put(slot, list)
      expected[slot] = list
    }
    for (const [slot, list] of expected.entries()) {
      const start = lists.startOf(slot)
      expect([...lists.numbers.subarray(start, start + lists.countOf(slot))]).toEqual(list ?? [])
    }
    const longest = expected.flat().length
    expect(lists.numbers.length).toBeLessThan(3 * longest + 1_000)
    expect(lists.countOf(1_000_000)).toBe(0)
  })
})
