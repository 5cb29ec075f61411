import { describe, expect, it } from 'vitest'
import { createRandom } from './make-skill.fixture.ts'
import { PackedLists } from './packed-lists.ts'

describe('PackedLists', () => {
  it.each([[[]], [[0]], [[7, 7]], [[5, 3, 0, 127, 64, 128, 129, 20_000, 3_000_000, 1, 2 ** 29]]])(
    'answers numbers in their order: %j',
    (numbers) => {
      const lists = new PackedLists()
      expect(lists.has(3)).toBe(false)
      lists.put(3, Int32Array.from(numbers))
      expect(lists.has(3)).toBe(true)
      expect(lists.read(3)).toEqual(numbers)
      lists.delete(3)
      expect(lists.has(3)).toBe(false)
      expect(lists.read(3)).toEqual([])
    },
  )

  it('keeps lists of any length apart, through edits that make them longer and shorter', () => {
    const random = createRandom(8)
    const lists = new PackedLists()
    const expected: number[][] = []
    for (let round = 0; round < 3_000; round++) {
      const slot = Math.floor(200 * random())
      if (random() < 0.1) {
        lists.delete(slot)
        expected[slot] = []
        continue
      }
      // Now and then one that is longer than a page.
      const length = random() < 0.002 ? 200_000 : Math.floor(2_000 * random() ** 3)
      const list = Int32Array.from({ length }, () => Math.floor(2 ** 29 * random()))
      lists.put(slot, list)
      expected[slot] = [...list]
    }
    for (const [slot, list] of expected.entries()) expect(lists.read(slot).join()).toBe((list ?? []).join())
  })
})
