import type { Proportion } from './intervals.ts'
import { twoSidedP } from './normal.ts'
import { logGamma } from './special-functions.ts'

export interface TwoProportionTest {
  readonly test: 'two_proportion_z' | 'fisher_exact'
  /** Null for Fisher's test, which has none, and where both proportions are 0 or both are 1. */
  readonly z: number | null
  /** Two-sided. */
  readonly pValue: number
}

const smallestExpectedCell = 5

/** Compares `after` with `before`: the pooled z-test, or Fisher's exact test when an expected cell is below 5. */
export function testTwoProportions(before: Proportion, after: Proportion): TwoProportionTest {
  if (before.judged === 0 || after.judged === 0) return { test: 'fisher_exact', z: null, pValue: 1 }
  if (smallestExpected(before, after) < smallestExpectedCell) {
    return { test: 'fisher_exact', z: null, pValue: fisherExactP(before, after) }
  }
  const z = twoProportionZ(before, after)
  return { test: 'two_proportion_z', z, pValue: twoSidedP(z) }
}

function smallestExpected(before: Proportion, after: Proportion): number {
  const pooled = (before.passes + after.passes) / (before.judged + after.judged)
  return Math.min(before.judged, after.judged) * Math.min(pooled, 1 - pooled)
}

export function twoProportionZ(before: Proportion, after: Proportion): number {
  const pooled = (before.passes + after.passes) / (before.judged + after.judged)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / before.judged + 1 / after.judged))
  return (after.passes / after.judged - before.passes / before.judged) / error
}

/**
 * Fisher's exact two-sided p: the probability of all tables with the same margins that are no likelier than the
 * observed one.
 */
export function fisherExactP(before: Proportion, after: Proportion): number {
  const passes = before.passes + after.passes
  const total = before.judged + after.judged
  const logProbability = (inAfter: number): number =>
    logChoose(after.judged, inAfter) + logChoose(before.judged, passes - inAfter) - logChoose(total, passes)
  // Rounding must not tell apart tables that are equally likely.
  const limit = logProbability(after.passes) + 1e-7
  let p = 0
  const most = Math.min(passes, after.judged)
  for (let inAfter = Math.max(0, passes - before.judged); inAfter <= most; inAfter += 1) {
    const log = logProbability(inAfter)
    if (log <= limit) p += Math.exp(log)
  }
  return Math.min(1, p)
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}
