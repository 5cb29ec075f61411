import type { Scores } from '../scoring/scorer.ts'

const sameUtility = 1e-9

/** The candidates in order of utility, and what led to it. Positions are those of the candidates. */
export interface Ranking {
  /** Best first. */
  readonly order: readonly number[]
  readonly utility: Float64Array
  /** clamp₀₁(q − λ(cost − least cost)/reference): ordered like utility. */
  readonly score: Float64Array
  /** Probability that the best is better than the second, 1 when alone. */
  readonly pBest: number
  /** The first place went to the cheaper of two equals. */
  readonly tieBroken: boolean
}

/** Ranks by q − λ·cost/reference; equals by cost, then as configured. */
export function rank({ q, cost, sigma }: Scores, size: number, lambda: number, costRef: number): Ranking {
  let leastCost = Number.POSITIVE_INFINITY
  for (let at = 0; at < size; at++) leastCost = Math.min(leastCost, cost[at] as number)
  const utility = new Float64Array(size)
  const score = new Float64Array(size)
  for (let at = 0; at < size; at++) {
    const price = cost[at] as number
    utility[at] = (q[at] as number) - (lambda * price) / costRef
    score[at] = Math.max(0, Math.min(1, (q[at] as number) - (lambda * (price - leastCost)) / costRef))
  }
  const order = sortByUtility(utility, cost, size)
  const [first = 0, second] = order
  return {
    order,
    utility,
    score,
    pBest: second === undefined ? 1 : probabilityAbove(utility, sigma, first, second),
    tieBroken:
      second !== undefined &&
      Math.abs((utility[first] as number) - (utility[second] as number)) < sameUtility &&
      (cost[first] as number) < (cost[second] as number),
  }
}

/** Positions by utility, equals by cost, then as configured; by insertion, for candidates are few. */
function sortByUtility(utility: Float64Array, cost: Float64Array, size: number): number[] {
  const order: number[] = []
  for (let position = 0; position < size; position++) {
    let at = position
    while (at > 0 && isBefore(utility, cost, position, order[at - 1] as number)) {
      order[at] = order[at - 1] as number
      at--
    }
    order[at] = position
  }
  return order
}

function isBefore(utility: Float64Array, cost: Float64Array, one: number, other: number): boolean {
  const difference = (utility[one] as number) - (utility[other] as number)
  if (Math.abs(difference) >= sameUtility) return difference > 0
  return (cost[one] as number) < (cost[other] as number)
}

function probabilityAbove(utility: Float64Array, sigma: Float64Array, one: number, other: number): number {
  const spread = Math.hypot(sigma[one] as number, sigma[other] as number)
  return normalCdf(((utility[one] as number) - (utility[other] as number)) / Math.max(1e-6, spread))
}

/** Φ by Abramowitz and Stegun 7.1.26; absolute error below 1.5e-7. */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const half = 0.5 * series * Math.exp(-x * x)
  return z >= 0 ? 1 - half : half
}
