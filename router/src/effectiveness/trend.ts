import type { Proportion } from './intervals.ts'
import { testTwoProportions } from './two-proportions.ts'

export type Trend = 'improving' | 'stable' | 'degrading'

export interface TrendDetail {
  readonly status: Trend | 'insufficient_data'
  readonly p1: number | null
  readonly n1: number
  readonly p2: number | null
  readonly n2: number
  readonly z: number | null
  readonly pValue: number | null
  readonly test: 'two_proportion_z' | 'fisher_exact' | null
}

const fewestJudged = 20
const criticalZ = 1.645
const criticalP = 0.1
const smallestChange = 0.05
/** So that a change of exactly 0.05 counts although 0.85 − 0.8 is a little less in binary. */
const rounding = 1e-12

/** How a pass rate moved between two windows of the same length, the earlier one first. */
export function judgeTrend(earlier: Proportion, later: Proportion): TrendDetail {
  const p1 = rateOf(earlier)
  const p2 = rateOf(later)
  const counts = { p1, n1: earlier.judged, p2, n2: later.judged }
  if (p1 === null || p2 === null || earlier.judged < fewestJudged || later.judged < fewestJudged) {
    return { ...counts, status: 'insufficient_data', z: null, pValue: null, test: null }
  }
  const { test, z, pValue } = testTwoProportions(earlier, later)
  const isClear = z === null ? pValue <= criticalP : Math.abs(z) >= criticalZ
  const change = p2 - p1
  const isLarge = Math.abs(change) >= smallestChange - rounding
  const status = isClear && isLarge ? (change > 0 ? 'improving' : 'degrading') : 'stable'
  return { ...counts, status, z, pValue, test }
}

/** The word shown where there is room for one: too little data counts as stable. */
export function trendOf(detail: TrendDetail): Trend {
  return detail.status === 'insufficient_data' ? 'stable' : detail.status
}

function rateOf({ passes, judged }: Proportion): number | null {
  return judged === 0 ? null : passes / judged
}
