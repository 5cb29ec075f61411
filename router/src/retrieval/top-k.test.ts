import { describe, expect, it } from 'vitest'
import { createRandom } from './make-skill.fixture.ts'
import { TopK } from './top-k.ts'

describe('TopK', () => {
  it.each([0, 1, 7, 100])('keeps the same %i as a sort, the lower slot of equal ones', (k) => {
    const random = createRandom(k)
    const scores = Array.from({ length: 60 }, () => Math.floor(random() * 20))
    const best = new TopK(k)
    const shuffled = scores.map((score, slot) => ({ score, slot })).sort(() => random() - 0.5)
    for (const { score, slot } of shuffled) best.offer(slot, score)
    const sorted = shuffled.sort((one, other) => other.score - one.score || one.slot - other.slot)
    expect(best.drain()).toEqual(sorted.slice(0, k).map(({ slot }) => slot))
  })
})
