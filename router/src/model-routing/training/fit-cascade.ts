import type { OutcomeRow } from './outcome-matrix.ts'

/** Two cheap models are asked at once; where their answers differ the strong one answers. */
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

/** The pair may cost at most this share of the strong model. */
const mostPairCost = 0.6

/**
 * The cheapest pair whose cascade keeps `target` of the best single model's quality on these rows; null when none does. Rows need
 * answer groups, scores and costs of every model.
 */
export function chooseCascade(
  rows: readonly OutcomeRow[],
  models: number,
  target: number,
): AgreementCascade | null {
  const mean = (read: (row: OutcomeRow) => number): number =>
    rows.reduce((sum, row) => sum + read(row), 0) / rows.length
  const costs = Array.from({ length: models }, (_, model) => mean(({ costs }) => costs[model] ?? 0))
  const scores = Array.from({ length: models }, (_, model) => mean(({ scores }) => scores[model] ?? 0))
  const strong = scores.indexOf(Math.max(...scores))
  const limit = mostPairCost * (costs[strong] ?? 0)
  let best: { cascade: AgreementCascade; cost: number } | null = null
  for (let first = 0; first < models; first++)
    for (let second = first + 1; second < models; second++) {
      if (first === strong || second === strong || (costs[first] ?? 0) + (costs[second] ?? 0) > limit)
        continue
      const cheaperFirst = (costs[first] ?? 0) <= (costs[second] ?? 0)
      const cascade = cheaperFirst ? { first, second, strong } : { first: second, second: first, strong }
      const { quality, referenceQuality, cost } = replayCascade(rows, cascade)
      if (quality >= target * referenceQuality && (best === null || cost < best.cost))
        best = { cascade, cost }
    }
  return best?.cascade ?? null
}

/** What the cascade would have come to, beside the strong model alone. Of two that agree the better one answers. */
export function replayCascade(
  rows: readonly OutcomeRow[],
  { first, second, strong }: AgreementCascade,
): CascadeOutcome {
  let quality = 0
  let cost = 0
  let referenceQuality = 0
  let referenceCost = 0
  let agreed = 0
  for (const { scores, costs, answers } of rows) {
    const agrees = answers !== null && answers[first] === answers[second]
    cost += (costs[first] ?? 0) + (costs[second] ?? 0)
    referenceQuality += scores[strong] ?? 0
    referenceCost += costs[strong] ?? 0
    if (agrees) {
      agreed++
      quality += scores[first] ?? 0
    } else {
      quality += scores[strong] ?? 0
      cost += costs[strong] ?? 0
    }
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
