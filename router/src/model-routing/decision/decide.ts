import type { Scores } from '../scoring/scorer.ts'
import { shareMemory } from '../scoring/share-memory.ts'

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
  /** What the first place went by, of two equals: the lower price, or the quicker answers. Null for greater utility. */
  readonly tie: 'cheaper' | 'quicker' | null
}

/** What the rule weighs of every candidate. */
type Ranked = Pick<Scores, 'q' | 'cost' | 'sigma' | 'delay'>

/** Milliseconds within which 95 of 100 answers began, by position; null where too few were seen. */
type SlownessOf = (at: number) => number | null

const unknownSlowness: SlownessOf = () => null

/** Ranks by q − λ·cost/reference, less what waiting takes; equals by cost, then by slowness, then as configured. */
export function rank(
  { q, cost, sigma, delay }: Ranked,
  size: number,
  lambda: number,
  costRef: number,
  slownessOf: SlownessOf = unknownSlowness,
): Ranking {
  const least = delay === null ? 0 : Math.min(...delay)
  const delayOf = (at: number): number => (delay === null ? 0 : (delay[at] as number))
  let leastCost = Number.POSITIVE_INFINITY
  for (let at = 0; at < size; at++) leastCost = Math.min(leastCost, cost[at] as number)
  const vector = shareMemory(2, size)
  const utility = vector()
  const score = vector()
  for (let at = 0; at < size; at++) {
    const price = cost[at] as number
    utility[at] = (q[at] as number) - (lambda * price) / costRef - delayOf(at)
    const above = (lambda * (price - leastCost)) / costRef + delayOf(at) - least
    score[at] = Math.max(0, Math.min(1, (q[at] as number) - above))
  }
  const terms = { utility, cost, slownessOf }
  const order = sortByUtility(terms, size)
  const [first = 0, second] = order
  return {
    order,
    utility,
    score,
    pBest: second === undefined ? 1 : probabilityAbove(utility, sigma, first, second),
    tie: second === undefined ? null : tieOf(terms, first, second),
  }
}

interface Terms {
  readonly utility: Float64Array
  readonly cost: Float64Array
  readonly slownessOf: SlownessOf
}

/** Positions by utility, equals as the rule says; by insertion, for candidates are few. */
function sortByUtility(terms: Terms, size: number): number[] {
  const order: number[] = []
  for (let position = 0; position < size; position++) {
    let at = position
    while (at > 0 && isBefore(terms, position, order[at - 1] as number)) {
      order[at] = order[at - 1] as number
      at--
    }
    order[at] = position
  }
  return order
}

function isBefore({ utility, cost, slownessOf }: Terms, one: number, other: number): boolean {
  const difference = (utility[one] as number) - (utility[other] as number)
  if (Math.abs(difference) >= sameUtility) return difference > 0
  if (cost[one] !== cost[other]) return (cost[one] as number) < (cost[other] as number)
  return isQuicker(slownessOf(one), slownessOf(other))
}

/** What is not known is neither quick nor slow. */
function isQuicker(one: number | null, other: number | null): boolean {
  return one !== null && other !== null && one < other
}

function tieOf({ utility, cost, slownessOf }: Terms, first: number, second: number): Ranking['tie'] {
  if (Math.abs((utility[first] as number) - (utility[second] as number)) >= sameUtility) return null
  if ((cost[first] as number) < (cost[second] as number)) return 'cheaper'
  return cost[first] === cost[second] && isQuicker(slownessOf(first), slownessOf(second)) ? 'quicker' : null
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
