import { type Guarantee, leastGuaranteeRows, normalQuantile } from '../training/fit-guarantee.ts'

/** One judged request that was decided under a promise. */
export interface PromisedOutcome {
  /** 0 to 1. */
  readonly score: number
  /** What was expected of the reference model on the same ask. */
  readonly expected: number
  /** The reference model answered. */
  readonly isReference: boolean
  /** Probability with which the one that answered was chosen; above 0. */
  readonly propensity: number
}

/** How a promise fares on traffic. */
export interface PromiseTest {
  readonly rows: number
  /** Mean quality below the reference model. */
  readonly shortfall: number
  /** It is at most this, with the promised confidence. */
  readonly bound: number
  /** Too few rows break nothing. */
  readonly isBroken: boolean
}

/** A rare answer of the reference counts for at most so many others. */
const mostWeight = 20

/**
 * Holds a promise against judged traffic: what the reference would have scored, doubly robustly (its estimate, corrected where it
 * answered by the inverse of how likely that was), less what was scored; the bound is that of training.
 */
export function retestPromise(
  outcomes: readonly PromisedOutcome[],
  { epsilon, delta }: Guarantee,
): PromiseTest {
  const rows = outcomes.length
  if (rows < leastGuaranteeRows) return { rows, shortfall: 0, bound: 0, isBroken: false }
  const shortfalls = outcomes.map((outcome) => referenceScore(outcome) - outcome.score)
  const mean = shortfalls.reduce((sum, value) => sum + value, 0) / rows
  const variance = shortfalls.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows
  const bound = mean + normalQuantile(1 - delta) * Math.sqrt(variance / rows)
  return { rows, shortfall: mean, bound, isBroken: bound > epsilon }
}

function referenceScore({ score, expected, isReference, propensity }: PromisedOutcome): number {
  return isReference ? expected + Math.min(mostWeight, 1 / propensity) * (score - expected) : expected
}
