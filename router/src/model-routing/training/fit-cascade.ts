import { type AgreementCascade, anyGain, findEnough } from '../cascade/agreement.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import type { OutcomeRow } from './outcome-matrix.ts'

/** What a cascade came to on rows that tell what all models answered. */
export interface CascadeOutcome {
  readonly quality: number
  readonly cost: number
  /** Of the strong model alone. */
  readonly referenceQuality: number
  readonly referenceCost: number
  /** Share of the asks two models were asked that they answered alike. */
  readonly agreed: number
}

/** A cascade, and what it came to on the rows it was fitted to. */
export interface FittedCascade {
  readonly cascade: AgreementCascade
  readonly outcome: CascadeOutcome
}

/** Fewer asks tell too little of how often models agree. */
const leastRows = 100
/** The pair may cost at most this share of the best single model. */
const mostPairCost = 0.6
/** Rows cannot tell qualities apart that are this close. */
const slack = 0.005
/** So far above the target calls are spared: what is picked on rows looks a little better there than elsewhere. */
const reserve = 0.0025
/** Gains a strong model is asked for, 41 from −.2 to .2. */
const gains: readonly number[] = Array.from({ length: 41 }, (_, step) => -0.2 + 0.01 * step)

/**
 * The cheapest pair whose cascade keeps `target` of the best single model's quality on these rows, up to half a point; then, as far as
 * its quality is a quarter of a point above the target, the pair's better model alone for asks where the strong one is expected to gain little.
 * Null when no pair does, or the rows do not tell what every model answered at what cost. `quality` of the predictions is by row,
 * estimated without it.
 */
export function fitCascade(
  rows: readonly OutcomeRow[],
  predictions: Pick<Predictions, 'quality' | 'models'>,
  target: number,
): FittedCascade | null {
  if (rows.length < leastRows || !rows.every(isWhole)) return null
  const { costs, best: strong } = describeModels(rows, predictions.models)
  const costOf = (model: number): number => costs[model] ?? 0
  const replay = (cascade: AgreementCascade): FittedCascade => ({
    cascade,
    outcome: replayCascade(rows, predictions, cascade),
  })
  const keeps = ({ outcome }: FittedCascade, share: number): boolean =>
    outcome.quality >= share * outcome.referenceQuality
  const plain = cheapPairs(predictions.models, costOf, mostPairCost * costOf(strong))
    .filter((pair) => !pair.includes(strong))
    .map(([first, second]) => replay({ first, second, strong, leastGain: anyGain }))
    .filter((fitted) => keeps(fitted, target - slack))
  const pair = cheapestOf(plain)
  if (pair === null) return null
  const sparing = gains
    .map((leastGain) => replay({ ...pair.cascade, leastGain }))
    .filter((fitted) => keeps(fitted, target + reserve))
  return cheapestOf([pair, ...sparing])
}

function isWhole({ scores, costs, answers }: OutcomeRow): boolean {
  return answers !== null && scores.every((score) => score !== null) && costs.every((cost) => cost !== null)
}

function cheapestOf(fitted: readonly FittedCascade[]): FittedCascade | null {
  return fitted.reduce<FittedCascade | null>(
    (best, one) => (best === null || one.outcome.cost < best.outcome.cost ? one : best),
    null,
  )
}

interface DescribedModels {
  readonly costs: readonly number[]
  /** The best single model. */
  readonly best: number
}

function describeModels(rows: readonly OutcomeRow[], models: number): DescribedModels {
  const mean = (read: (row: OutcomeRow) => number): number =>
    rows.reduce((sum, row) => sum + read(row), 0) / rows.length
  const costs = Array.from({ length: models }, (_, model) => mean(({ costs }) => costs[model] ?? 0))
  const scores = Array.from({ length: models }, (_, model) => mean(({ scores }) => scores[model] ?? 0))
  return { costs, best: scores.indexOf(Math.max(...scores)) }
}

/** The cheaper one of each pair first. */
function cheapPairs(
  models: number,
  costOf: (model: number) => number,
  limit: number,
): readonly (readonly [number, number])[] {
  const all = Array.from({ length: models }, (_, model) => model)
  return all.flatMap((one) =>
    all
      .slice(one + 1)
      .filter((other) => costOf(one) + costOf(other) <= limit)
      .map((other) => (costOf(one) <= costOf(other) ? ([one, other] as const) : ([other, one] as const))),
  )
}

/** What the cascade would have come to, beside the strong model alone. Of two that agree the first one answers. */
export function replayCascade(
  rows: readonly OutcomeRow[],
  { quality: expected, models }: Pick<Predictions, 'quality' | 'models'>,
  cascade: AgreementCascade,
): CascadeOutcome {
  const { first, second, strong } = cascade
  let [quality, cost, referenceQuality, referenceCost, compared, agreed] = [0, 0, 0, 0, 0, 0]
  rows.forEach(({ scores, costs, answers }, row) => {
    const answer = (model: number): void => {
      quality += scores[model] ?? 0
    }
    const call = (model: number): void => {
      cost += costs[model] ?? 0
    }
    referenceQuality += scores[strong] ?? 0
    referenceCost += costs[strong] ?? 0
    const enough = findEnough(expected.subarray(row * models, (row + 1) * models), cascade)
    if (enough !== null) {
      call(enough)
      answer(enough)
      return
    }
    call(first)
    call(second)
    compared++
    if (answers !== null && answers[first] === answers[second]) {
      agreed++
      answer(first)
      return
    }
    call(strong)
    answer(strong)
  })
  const size = Math.max(1, rows.length)
  return {
    quality: quality / size,
    cost: cost / size,
    referenceQuality: referenceQuality / size,
    referenceCost: referenceCost / size,
    agreed: agreed / Math.max(1, compared),
  }
}
