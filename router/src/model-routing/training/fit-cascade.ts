import type { OutcomeRow } from './outcome-matrix.ts'

/** Two cheap models are asked at once; where their answers differ the best single one answers. */
interface AgreementCascade {
  readonly first: number
  readonly second: number
  readonly strong: number
}

interface CascadeOutcome {
  readonly quality: number
  readonly cost: number
  readonly referenceQuality: number
  readonly referenceCost: number
  /** Share of asks that two calls answered. */
  readonly agreed: number
}

/** The pair may cost at most this share of the best single model. */
const mostPairCost = 0.6
/** Rows cannot tell qualities apart that are this close. */
const slack = 0.005

/**
 * The cheapest pair whose cascade keeps `target` of the best single model's quality on these rows, up to half a point; null when none
 * does. Rows need answer groups, scores and costs of every model.
 */
export function chooseCascade(
  rows: readonly OutcomeRow[],
  models: number,
  target: number,
): AgreementCascade | null {
  const { costs, best: strong } = describeModels(rows, models)
  const costOf = (model: number): number => costs[model] ?? 0
  let found: { readonly cascade: AgreementCascade; readonly cost: number } | null = null
  for (const [one, other] of cheapPairs(models, costOf, mostPairCost * costOf(strong))) {
    if (one === strong || other === strong) continue
    const [first, second] = costOf(one) <= costOf(other) ? [one, other] : [other, one]
    const cascade = { first, second, strong }
    const { quality, referenceQuality, cost } = replayCascade(rows, cascade)
    const isGood = quality >= (target - slack) * referenceQuality
    if (isGood && (found === null || cost < found.cost)) found = { cascade, cost }
  }
  return found?.cascade ?? null
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
      .map((other) => [one, other] as const),
  )
}

/** What the cascade would have come to, beside the strong model alone. Of two that agree the first one answers. */
export function replayCascade(
  rows: readonly OutcomeRow[],
  { first, second, strong }: AgreementCascade,
): CascadeOutcome {
  let [quality, cost, referenceQuality, referenceCost, agreed] = [0, 0, 0, 0, 0]
  for (const { scores, costs, answers } of rows) {
    const agrees = answers !== null && answers[first] === answers[second]
    cost += (costs[first] ?? 0) + (costs[second] ?? 0)
    referenceQuality += scores[strong] ?? 0
    referenceCost += costs[strong] ?? 0
    quality += scores[agrees ? first : strong] ?? 0
    if (agrees) agreed++
    else cost += costs[strong] ?? 0
  }
  const size = Math.max(1, rows.length)
  return {
    quality: quality / size,
    cost: cost / size,
    referenceQuality: referenceQuality / size,
    referenceCost: referenceCost / size,
    agreed: agreed / size,
  }
}
