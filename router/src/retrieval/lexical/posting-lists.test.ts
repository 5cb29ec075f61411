import { describe, expect, it } from 'vitest'
import { createRandom } from '../make-skill.fixture.ts'
import { PostingBatch } from './posting-batch.ts'
import { PostingLists } from './posting-lists.ts'

function read(postings: PostingLists, term: number): [slot: number, counts: number][] {
  const start = postings.startOf(term)
  return Array.from({ length: postings.lengthOf(term) }, (_, index) => {
    const at = start + 2 * index
    const page = postings.pageOf(term)
    return [page[at] as number, page[at + 1] as number]
  })
}

describe('PostingLists', () => {
  it('keeps what maps would, through lists that grow, shrink and move', () => {
    const random = createRandom(3)
    const postings = new PostingLists()
    const expected = Array.from({ length: 60 }, () => new Map<number, number>())
    for (let round = 0; round < 60_000; round++) {
      // Some terms become common, most stay rare.
      const term = Math.floor(60 * random() ** 4)
      const slot = Math.floor(3_000 * random())
      if (random() < 0.3) {
        postings.delete(term, slot)
        expected[term]?.delete(slot)
      } else {
        postings.put(term, slot, round)
        expected[term]?.set(slot, round)
      }
    }
    for (const [term, list] of expected.entries()) {
      const sorted = [...list].sort(([one], [other]) => one - other)
      expect(read(postings, term)).toEqual(sorted)
      for (const [index, [slot]] of sorted.entries()) expect(postings.find(term, slot)).toBe(index)
      const asked = Int32Array.from({ length: 3_100 }, (_, slot) => slot)
      const places = new Int32Array(asked.length)
      if (sorted.length > 0) postings.findEach(term, asked, places)
      const held = new Map(sorted.map(([slot], index) => [slot, index]))
      expect([...places]).toEqual([...asked].map((slot) => held.get(slot) ?? (sorted.length > 0 ? -1 : 0)))
    }
  })

  it('gives a long list a page of its own, and other lists what it leaves', () => {
    const postings = new PostingLists()
    const count = 70_000
    for (let slot = 0; slot < count; slot++) {
      postings.put(7, slot, slot % 5)
      if (slot % 10 === 0) postings.put(slot, slot, 1)
    }
    expect(postings.lengthOf(7)).toBe(count)
    expect(postings.find(7, count - 1)).toBe(count - 1)
    expect(postings.find(7, count)).toBe(~count)
    for (let slot = 0; slot < count; slot += 10) {
      if (read(postings, slot)[0]?.[0] !== slot) throw new Error(`the list of ${slot} was written over`)
    }
  })

  it('has nothing of a term that nobody holds', () => {
    const postings = new PostingLists()
    expect(postings.lengthOf(5_000)).toBe(0)
    expect(postings.find(5_000, 3)).toBe(~0)
    postings.delete(5_000, 3)
    expect(postings.lengthOf(5_000)).toBe(0)
  })

  it('takes postings together as it does one by one', () => {
    const random = createRandom(4)
    const [together, single] = [new PostingLists(), new PostingLists()]
    const batch = new PostingBatch()
    for (let slot = 0; slot < 4_000; slot++) {
      for (let term = 0; term < 400; term++) {
        if (random() > 1 / (1 + term / 3)) continue
        batch.add(term, slot, slot + term)
        single.put(term, slot, slot + term)
      }
      if (random() < 0.005) batch.moveAll(together)
      else batch.moveSome(together)
      if (batch.isEmpty) batch.release()
    }
    batch.moveAll(together)
    expect(batch.isEmpty).toBe(true)
    for (let term = 0; term < 400; term++) expect(read(together, term)).toEqual(read(single, term))
  })
})
