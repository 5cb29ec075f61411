import { type StratifiedTest, type Stratum, testStratified } from './cochran-mantel-haenszel.ts'
import { type Interval, newcombeInterval, type Proportion } from './intervals.ts'
import { type TwoProportionTest, testTwoProportions } from './two-proportions.ts'

type CompareReason = 'insufficient_data' | 'no_significant_difference' | 'effect_too_small' | 'confounded'

export interface Comparison extends TwoProportionTest {
  readonly verdict: 'improved' | 'regressed' | 'inconclusive'
  /** Why there is no verdict; null when there is one. */
  readonly reason: CompareReason | null
  readonly alpha: number
  readonly minEffect: number
  /** Candidate minus baseline; null when one of them was never judged. */
  readonly delta: number | null
  readonly deltaInterval: Interval | null
  /** Judged activations each version needs to show a difference of 0.05 with power 0.8. */
  readonly requiredPerArm: number | null
  /** By model family, where there was more than one. */
  readonly stratified: StratifiedTest | null
}

const fewestJudged = 20
const minEffect = 0.02
const detectable = 0.05

/**
 * Judges whether a candidate version passes more often than a baseline. The strata are the same counts by model
 * family: a difference that turns round within the families is not credited to the version (Simpson's paradox).
 */
export function compareVersions(
  baseline: Proportion,
  candidate: Proportion,
  strata: readonly Stratum[] = [],
  alpha = 0.05,
): Comparison {
  const both = baseline.judged > 0 && candidate.judged > 0
  const delta = both ? candidate.passes / candidate.judged - baseline.passes / baseline.judged : null
  const test = testTwoProportions(baseline, candidate)
  const stratified = strata.length > 1 ? testStratified(strata) : null
  const reason = findReason({
    baseline,
    candidate,
    delta: delta ?? 0,
    pValue: test.pValue,
    stratified,
    alpha,
  })
  return {
    ...test,
    verdict: reason !== null ? 'inconclusive' : (delta ?? 0) > 0 ? 'improved' : 'regressed',
    reason,
    alpha,
    minEffect,
    delta,
    deltaInterval: both ? newcombeInterval(baseline, candidate) : null,
    requiredPerArm: baseline.judged === 0 ? null : requiredPerArm(baseline.passes / baseline.judged),
    stratified,
  }
}

interface Evidence {
  readonly baseline: Proportion
  readonly candidate: Proportion
  readonly delta: number
  readonly pValue: number
  readonly stratified: StratifiedTest | null
  readonly alpha: number
}

function findReason(evidence: Evidence): CompareReason | null {
  const { baseline, candidate, delta, pValue, stratified, alpha } = evidence
  if (baseline.judged < fewestJudged || candidate.judged < fewestJudged) return 'insufficient_data'
  if (stratified !== null && stratified.sign * Math.sign(delta) < 0) return 'confounded'
  if (pValue >= alpha) return 'no_significant_difference'
  return Math.abs(delta) < minEffect - 1e-12 ? 'effect_too_small' : null
}

/** The sample size of a two-sided two-proportion test at 5 % with power 0.8; null where no rise is possible. */
export function requiredPerArm(baselineRate: number, difference = detectable): number | null {
  const risen = Math.min(1, baselineRate + difference)
  if (risen === baselineRate) return null
  const mean = (baselineRate + risen) / 2
  const spread =
    1.96 * Math.sqrt(2 * mean * (1 - mean)) +
    0.84 * Math.sqrt(baselineRate * (1 - baselineRate) + risen * (1 - risen))
  return Math.ceil((spread * spread) / (difference * difference))
}
