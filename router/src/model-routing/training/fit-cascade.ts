import type { OutcomeRow } from './outcome-matrix.ts'

/** Two cheap models are asked at once; where their answers differ a third one answers. */
interface AgreementCascade {
  readonly first: number
  readonly second: number
  readonly strong: number
  /** The first one answers alone where it is expected to be this good; above 1 never. */
  readonly confident: number
}

/** Rows with what a router expects of every model, rows × models, by a model that has not seen them; null expects nothing. */
interface CascadeRows {
  readonly rows: readonly OutcomeRow[]
  readonly expected: Float64Array | null
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
/** The third model's own quality is at least this share of the best single one's: it gets the hard asks. */
const leastJudgeQuality = 0.95
/** A cascade that is the cheapest of many has had luck with these rows; so much more quality is asked of it. */
const luck = 0.005
const never = 2
const confidences: readonly number[] = [never, 0.98, 0.96, 0.94, 0.92, 0.9, 0.87, 0.84, 0.8]

/**
 * The cheapest pair and third model whose cascade keeps `target` of the best single model's quality on these rows; null when none
 * does. Rows need answer groups, scores and costs of every model.
 */
export function chooseCascade(known: CascadeRows, models: number, target: number): AgreementCascade | null {
  const { costs, scores, best } = describeModels(known.rows, models)
  const costOf = (model: number): number => costs[model] ?? 0
  const judges = scores.flatMap((score, model) =>
    score >= leastJudgeQuality * (scores[best] ?? 0) && costOf(model) <= costOf(best) ? [model] : [],
  )
  let found: { readonly cascade: AgreementCascade; readonly cost: number } | null = null
  for (const [one, other] of cheapPairs(models, costOf, mostPairCost * costOf(best))) {
    const [first, second] = costOf(one) <= costOf(other) ? [one, other] : [other, one]
    for (const strong of judges) {
      if (strong === first || strong === second) continue
      for (const confident of known.expected === null ? [never] : confidences) {
        const cascade = { first, second, strong, confident }
        const { quality, referenceQuality, cost } = replayCascade(known, cascade, best)
        if (quality >= (target + luck) * referenceQuality && (found === null || cost < found.cost))
          found = { cascade, cost }
      }
    }
  }
  return found?.cascade ?? null
}

interface DescribedModels {
  readonly costs: readonly number[]
  readonly scores: readonly number[]
  /** The best single model. */
  readonly best: number
}

function describeModels(rows: readonly OutcomeRow[], models: number): DescribedModels {
  const mean = (read: (row: OutcomeRow) => number): number =>
    rows.reduce((sum, row) => sum + read(row), 0) / rows.length
  const costs = Array.from({ length: models }, (_, model) => mean(({ costs }) => costs[model] ?? 0))
  const scores = Array.from({ length: models }, (_, model) => mean(({ scores }) => scores[model] ?? 0))
  return { costs, scores, best: scores.indexOf(Math.max(...scores)) }
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

/** What the cascade would have come to, beside the reference model alone. Of two that agree the first one answers. */
export function replayCascade(
  { rows, expected }: CascadeRows,
  { first, second, strong, confident }: AgreementCascade,
  reference: number,
): CascadeOutcome {
  let quality = 0
  let cost = 0
  let referenceQuality = 0
  let referenceCost = 0
  let agreed = 0
  rows.forEach(({ scores, costs, answers }, row) => {
    const isSure = expected !== null && (expected[row * scores.length + first] as number) >= confident
    const agrees = isSure || (answers !== null && answers[first] === answers[second])
    cost += costs[first] ?? 0
    if (!isSure) cost += costs[second] ?? 0
    referenceQuality += scores[reference] ?? 0
    referenceCost += costs[reference] ?? 0
    quality += scores[agrees ? first : strong] ?? 0
    if (agrees) agreed++
    else cost += costs[strong] ?? 0
  })
  const size = Math.max(1, rows.length)
  return {
    quality: quality / size,
    cost: cost / size,
    referenceQuality: referenceQuality / size,
    referenceCost: referenceCost / size,
    agreed: agreed / size,
  }
}
