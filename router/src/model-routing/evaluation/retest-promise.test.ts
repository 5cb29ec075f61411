import { describe, expect, it } from 'vitest'
import { randomFrom } from '../training/random.ts'
import { type PromisedOutcome, retestPromise } from './retest-promise.ts'

const promise = { epsilon: 0.05, delta: 0.1 }

/** Answers of a cheap model and, now and then, of the reference, which are right as often as that. */
function outcomes(rows: number, cheap: number, reference: number, expected = 0.9): PromisedOutcome[] {
  const random = randomFrom(rows)
  return Array.from({ length: rows }, () => {
    const isReference = random.next() < 0.1
    const score = random.next() < (isReference ? reference : cheap) ? 1 : 0
    return { score, expected, isReference, propensity: isReference ? 0.1 : 0.9 }
  })
}

describe('a promise on traffic', () => {
  it('holds where the cheap model is nearly as good, and breaks where it is not', () => {
    expect(retestPromise(outcomes(4_000, 0.9, 0.9), promise)).toMatchObject({ rows: 4_000, isBroken: false })
    expect(retestPromise(outcomes(4_000, 0.8, 0.9), promise)).toMatchObject({ isBroken: true })
  })

  it('believes answers of the reference more than what was expected of it', () => {
    // It was thought to be better than it is.
    const { shortfall, isBroken } = retestPromise(outcomes(8_000, 0.7, 0.7, 0.95), promise)
    expect(shortfall).toBeLessThan(0.05)
    expect(isBroken).toBe(false)
  })

  it('is never broken by few answers', () => {
    expect(retestPromise(outcomes(199, 0, 1), promise)).toMatchObject({ rows: 199, isBroken: false })
  })
})
