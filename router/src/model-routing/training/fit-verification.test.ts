import { describe, expect, it } from 'vitest'
import { keepsOwnAnswer } from '../cascade/self-verification.ts'
import { fitVerification, type VerifiedAsk } from './fit-verification.ts'
import { randomFrom } from './random.ts'

/** By how sure the small model is: how often it is right, and how often the large one is where it is not. */
function drawAsks(chancesOf: (share: number) => readonly [number, number], seed: number): VerifiedAsk[] {
  const random = randomFrom(seed)
  return Array.from({ length: 600 }, (_, at) => {
    const share = (at % 9) / 8
    const [small, large] = chancesOf(share)
    const isRight = random.next() < small
    return { share, small: Number(isRight), large: Number(isRight || random.next() < large) }
  })
}

describe('a table of verification', () => {
  it('is beliefs where asks that nobody can answer look worst', () => {
    const asks = drawAsks((share) => (share < 0.2 ? [0, 0] : share < 0.6 ? [0.2, 0.9] : [0.95, 0.5]), 1)
    const [best, other] = fitVerification(asks, 0.3)
    expect('beliefs' in best.table).toBe(true)
    expect(best.utility).toBeGreaterThan(other.utility)
    const keeps = [0, 0.5, 1].map((share) => keepsOwnAnswer(best.table, share, 0.3))
    expect(keeps).toEqual([true, false, true])
    // Who pays nothing for the large model asks it wherever it may help.
    expect(keepsOwnAnswer(best.table, 0.5, 0)).toBe(false)
    expect(keepsOwnAnswer(best.table, 0.5, 1)).toBe(true)
  })

  it('is a threshold where that says it all', () => {
    const asks = drawAsks((share) => (share < 0.7 ? [0.1, 0.9] : [0.95, 0.5]), 2)
    const [best] = fitVerification(asks, 0.3)
    const keeps = [0, 0.5, 0.6, 0.75, 1].map((share) => keepsOwnAnswer(best.table, share, 0.3))
    expect(keeps).toEqual([false, false, false, true, true])
  })

  it('believes of parts it has not seen what is so of all', () => {
    const asks = drawAsks(() => [0.5, 1], 3).filter(({ share }) => share > 0.5)
    const beliefs = fitVerification(asks, 0.3).flatMap(({ table }) =>
      'beliefs' in table ? table.beliefs : [],
    )
    expect(beliefs).toHaveLength(5)
    expect(beliefs[0]?.needsLarge).toBeCloseTo(0.5, 1)
    for (const { needsLarge, fine, hopeless } of beliefs)
      expect(needsLarge + fine + hopeless).toBeCloseTo(1, 9)
  })
})
