import type { Proportion } from './intervals.ts'
import { twoSidedP } from './normal.ts'

/** Baseline and candidate under one value of what may confound them, such as a model family. */
export interface Stratum {
  readonly baseline: Proportion
  readonly candidate: Proportion
}

export interface StratifiedTest {
  /** Chi-square with one degree of freedom, without continuity correction. */
  readonly statistic: number
  readonly pValue: number
  /** Mantel-Haenszel estimate of candidate against baseline; null when it is undefined. */
  readonly oddsRatio: number | null
  /** Whether the candidate does better (1), worse (−1) or equally well (0) within the strata. */
  readonly sign: -1 | 0 | 1
}

/** The Cochran–Mantel–Haenszel test of a difference that the strata agree on (Mantel & Haenszel 1959). */
export function testStratified(strata: readonly Stratum[]): StratifiedTest {
  let excess = 0
  let variance = 0
  let upper = 0
  let lower = 0
  for (const { baseline, candidate } of strata) {
    const total = baseline.judged + candidate.judged
    if (total < 2) continue
    const passes = baseline.passes + candidate.passes
    excess += candidate.passes - (candidate.judged * passes) / total
    variance +=
      (candidate.judged * baseline.judged * passes * (total - passes)) / (total * total * (total - 1))
    upper += (candidate.passes * (baseline.judged - baseline.passes)) / total
    lower += ((candidate.judged - candidate.passes) * baseline.passes) / total
  }
  const statistic = variance === 0 ? 0 : (excess * excess) / variance
  return {
    statistic,
    pValue: twoSidedP(Math.sqrt(statistic)),
    oddsRatio: lower === 0 ? null : upper / lower,
    sign: Math.abs(excess) < 1e-12 ? 0 : excess > 0 ? 1 : -1,
  }
}
