import { randomFrom, shuffled } from '../training/random.ts'
import type { Predictions } from './predictions.ts'
import { judge, lambdaGrid, pickAll } from './trade-off.ts'

const splits = 100
/** What is asked beyond the target may make up for the luck of the λ that looked best. */
const margins: readonly number[] = [-0.01, -0.005, 0, 0.005, 0.01, 0.015, 0.02, 0.03]

export interface FittedLambda {
  readonly lambda: number
  readonly target: number
  readonly ratio: number
  readonly error: number
}

/**
 * The cheapest λ that keeps the target's share of the reference's quality on rows nobody has seen; 0 when none does. The λ that is
 * cheapest on some rows was lucky with them, so more than the target is asked of it: as much as 100 splits in halves say, λ by one
 * half and the ratio by the other. Nothing but the predictions given is looked at.
 */
export function fitLambda(
  predictions: Predictions,
  reference: number,
  target: number,
  costRef: number,
): FittedLambda {
  const curve = lambdaGrid.map((lambda) => tallyPicks(predictions, pickAll(predictions, lambda, costRef)))
  const base = tallyPicks(predictions, new Int32Array(predictions.rows).fill(reference))
  const asked = target + chooseMargin(curve, base, predictions.rows, target)
  const at = cheapest(
    curve.map((picks) => sumUp(picks, null)),
    sumUp(base, null),
    asked,
  )
  const lambda = lambdaGrid[at] as number
  const { ratio, ratioError } = judge(predictions, pickAll(predictions, lambda, costRef), reference)
  return { lambda, target, ratio, error: ratioError }
}

/** Weight, weighted score and cost of one pick for every row. */
interface Tally {
  readonly weights: Float64Array
  readonly scores: Float64Array
  readonly costs: Float64Array
}

function tallyPicks({ rows, models, scores, paid, weights }: Predictions, picks: Int32Array): Tally {
  const tally = {
    weights: new Float64Array(rows),
    scores: new Float64Array(rows),
    costs: new Float64Array(rows),
  }
  for (let row = 0; row < rows; row++) {
    const at = row * models + (picks[row] as number)
    const weight = weights[at] as number
    if (weight === 0) continue
    tally.weights[row] = weight
    tally.scores[row] = weight * (scores[at] as number)
    tally.costs[row] = weight * (Number.isNaN(paid[at]) ? 0 : (paid[at] as number))
  }
  return tally
}

interface Means {
  readonly quality: number
  readonly cost: number
}

/** Over those rows, or all. */
function sumUp({ weights, scores, costs }: Tally, rows: readonly number[] | null): Means {
  let [weight, score, cost] = [0, 0, 0]
  const count = rows === null ? weights.length : rows.length
  for (let index = 0; index < count; index++) {
    const row = rows === null ? index : (rows[index] as number)
    weight += weights[row] as number
    score += scores[row] as number
    cost += costs[row] as number
  }
  return weight === 0 ? { quality: 0, cost: 0 } : { quality: score / weight, cost: cost / weight }
}

/** Position of the cheapest λ that keeps the share; the first, which money does not matter to, when none does. */
function cheapest(curve: readonly Means[], base: Means, share: number): number {
  let best = 0
  curve.forEach(({ quality, cost }, at) => {
    if (quality >= share * base.quality && cost < (curve[best] as Means).cost) best = at
  })
  return best
}

/** The least margin with which the target is met on the halves that did not choose. */
function chooseMargin(curve: readonly Tally[], base: Tally, rows: number, target: number): number {
  const random = randomFrom(rows)
  const kept = new Float64Array(margins.length)
  for (let split = 0; split < splits; split++) {
    const order = shuffled(rows, random)
    const half = Math.floor(rows / 2)
    const [own, other] = [order.slice(0, half), order.slice(half)]
    const chosenBy = curve.map((picks) => sumUp(picks, own))
    const [ownBase, otherBase] = [sumUp(base, own), sumUp(base, other)]
    margins.forEach((margin, at) => {
      const chosen = curve[cheapest(chosenBy, ownBase, target + margin)] as Tally
      const { quality } = sumUp(chosen, other)
      kept[at] = (kept[at] as number) + (otherBase.quality === 0 ? 1 : quality / otherBase.quality) / splits
    })
  }
  const enough = margins.find((_, at) => (kept[at] as number) >= target) ?? (margins.at(-1) as number)
  // Twice as many rows are √2 times less lucky.
  return enough / Math.SQRT2
}
