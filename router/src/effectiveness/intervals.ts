/** Successes among trials; `passes` ≤ `judged`. */
export interface Proportion {
  readonly passes: number
  readonly judged: number
}

export type Interval = readonly [low: number, high: number]

/** The normal quantile of the two-sided 95 % intervals. */
const z95 = 1.96

/** Wilson's score interval of a proportion (Wilson 1927); [0, 1] when nothing was judged. */
export function wilsonInterval({ passes, judged }: Proportion, z = z95): Interval {
  if (judged === 0) return [0, 1]
  const p = passes / judged
  const centre = p + (z * z) / (2 * judged)
  const spread = z * Math.sqrt((p * (1 - p)) / judged + (z * z) / (4 * judged * judged))
  const scale = 1 + (z * z) / judged
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)]
}

/** Interval of `candidate − baseline` from the two Wilson intervals (Newcombe 1998, method 10). */
export function newcombeInterval(baseline: Proportion, candidate: Proportion, z = z95): Interval {
  if (baseline.judged === 0 || candidate.judged === 0) return [-1, 1]
  const before = baseline.passes / baseline.judged
  const after = candidate.passes / candidate.judged
  const [beforeLow, beforeHigh] = wilsonInterval(baseline, z)
  const [afterLow, afterHigh] = wilsonInterval(candidate, z)
  const difference = after - before
  return [
    difference - Math.hypot(after - afterLow, beforeHigh - before),
    difference + Math.hypot(afterHigh - after, before - beforeLow),
  ]
}
