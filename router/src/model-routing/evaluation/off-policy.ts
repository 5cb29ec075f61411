import { randomFrom } from '../training/random.ts'

/** One logged decision, and what another policy would have done. Arrays are by position in its candidates. */
export interface LoggedOutcome {
  /** What was decided together: outcomes of a conversation are not independent. */
  readonly cluster: string
  /** Position of the model that answered. */
  readonly logged: number
  /** Probability with which it was chosen; above 0. */
  readonly propensity: number
  /** 0 to 1. */
  readonly score: number
  /** Probability with which the other policy chooses each candidate. */
  readonly policy: ArrayLike<number>
  /** What was expected of each candidate. */
  readonly expected: ArrayLike<number>
  /** USD each candidate was expected to cost. */
  readonly costs: ArrayLike<number>
}

export interface PolicyValue {
  readonly rows: number
  /** Self-normalised: Σwy/Σw. Null without any overlap. */
  readonly snips: number | null
  readonly snipsInterval: readonly [number, number] | null
  /** Doubly robust: right when either the estimates or the propensities are. */
  readonly doublyRobust: number | null
  readonly doublyRobustInterval: readonly [number, number] | null
  /** How many outcomes of the policy's own the log is worth. */
  readonly effectiveRows: number
  readonly clippedShare: number
  /** USD a request. */
  readonly cost: number | null
  /** What the log itself scored and was expected to cost. */
  readonly loggedScore: number | null
  readonly loggedCost: number | null
  /** Why no verdict should be taken from this; null when one may. */
  readonly refusal: 'too_little_overlap' | 'too_many_clipped' | null
}

const mostWeight = 20
const leastEffective = 100
const mostClipped = 0.1
const resamples = 200

/** What a policy would have scored, told from what another one did. */
export function evaluatePolicy(rows: readonly LoggedOutcome[], seed = 0): PolicyValue {
  const weighed = rows.map(weigh)
  const total = sum(weighed, ({ weight }) => weight)
  const squares = sum(weighed, ({ weight }) => weight * weight)
  const effectiveRows = squares === 0 ? 0 : total ** 2 / squares
  const clippedShare =
    rows.length === 0 ? 0 : weighed.filter(({ isClipped }) => isClipped).length / rows.length
  const whole = sumUp(weighed)
  const samples = resample(weighed, seed)
  return {
    rows: rows.length,
    snips: snips(whole),
    snipsInterval: intervalOf(samples.map(snips)),
    doublyRobust: robust(whole),
    doublyRobustInterval: intervalOf(samples.map(robust)),
    effectiveRows,
    clippedShare,
    cost: meanOf(weighed, ({ cost }) => cost),
    loggedScore: meanOf(weighed, ({ score }) => score),
    loggedCost: meanOf(weighed, ({ loggedCost }) => loggedCost),
    refusal:
      effectiveRows < leastEffective
        ? 'too_little_overlap'
        : clippedShare > mostClipped
          ? 'too_many_clipped'
          : null,
  }
}

interface Weighed {
  readonly cluster: string
  readonly weight: number
  readonly isClipped: boolean
  readonly score: number
  readonly robust: number
  readonly cost: number
  readonly loggedCost: number
}

function weigh({ cluster, logged, propensity, score, policy, expected, costs }: LoggedOutcome): Weighed {
  if (!(propensity > 0)) throw new Error('a logged decision had a probability above 0')
  const raw = (policy[logged] ?? 0) / propensity
  const weight = Math.min(mostWeight, raw)
  let value = 0
  let cost = 0
  for (let at = 0; at < policy.length; at++) {
    value += (policy[at] ?? 0) * (expected[at] ?? 0)
    cost += (policy[at] ?? 0) * (costs[at] ?? 0)
  }
  return {
    ...{ cluster, weight, isClipped: raw > mostWeight, score, cost, loggedCost: costs[logged] ?? 0 },
    robust: value + weight * (score - (expected[logged] ?? 0)),
  }
}

/** What the two values of a set of rows are made of. */
interface Sums {
  rows: number
  weight: number
  weightedScore: number
  robust: number
}

const snips = ({ weight, weightedScore }: Sums): number | null =>
  weight === 0 ? null : weightedScore / weight
const robust = ({ rows, robust: total }: Sums): number | null => (rows === 0 ? null : total / rows)

function sumUp(rows: readonly Weighed[]): Sums {
  const sums = { rows: rows.length, weight: 0, weightedScore: 0, robust: 0 }
  for (const { weight, score, robust: value } of rows) {
    sums.weight += weight
    sums.weightedScore += weight * score
    sums.robust += value
  }
  return sums
}

/** Bootstrap over clusters. */
function resample(rows: readonly Weighed[], seed: number): readonly Sums[] {
  const byCluster = new Map<string, Weighed[]>()
  for (const row of rows) {
    const members = byCluster.get(row.cluster)
    if (members === undefined) byCluster.set(row.cluster, [row])
    else members.push(row)
  }
  const clusters = [...byCluster.values()].map(sumUp)
  const random = randomFrom(seed)
  return Array.from({ length: rows.length === 0 ? 0 : resamples }, () => {
    const drawn = sumUp([])
    for (let count = 0; count < clusters.length; count++) {
      const cluster = clusters[Math.floor(random.next() * clusters.length)] as Sums
      drawn.rows += cluster.rows
      drawn.weight += cluster.weight
      drawn.weightedScore += cluster.weightedScore
      drawn.robust += cluster.robust
    }
    return drawn
  })
}

function intervalOf(values: readonly (number | null)[]): readonly [number, number] | null {
  const sorted = values.filter((value) => value !== null).sort((left, right) => left - right)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return sorted.length === 0 ? null : [at(0.025), at(0.975)]
}

function sum<Item>(list: readonly Item[], read: (item: Item) => number): number {
  return list.reduce((total, item) => total + read(item), 0)
}

function meanOf<Item>(list: readonly Item[], read: (item: Item) => number): number | null {
  return list.length === 0 ? null : sum(list, read) / list.length
}
