import type { Predictions } from './predictions.ts'

/** {0} and 80 steps from 0.002 to 20: quality points given up to avoid one dear call. */
export const lambdaGrid: readonly number[] = [
  0,
  ...Array.from({ length: 80 }, (_, step) => 0.002 * (20 / 0.002) ** (step / 79)),
]

/** The model picked for every row: quality less λ · cost / reference, of equals the cheaper. */
export function pickAll(
  { rows, models, quality, cost }: Predictions,
  lambda: number,
  costRef: number,
): Int32Array {
  const picks = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    let best = -1
    let bestUtility = Number.NEGATIVE_INFINITY
    let bestCost = 0
    for (let model = 0; model < models; model++) {
      const at = row * models + model
      const price = cost[at] as number
      const utility = (quality[at] as number) - (lambda * price) / costRef
      if (utility > bestUtility + 1e-9 || (utility > bestUtility - 1e-9 && price < bestCost)) {
        best = model
        bestUtility = utility
        bestCost = price
      }
    }
    picks[row] = best
  }
  return picks
}

/** What a policy's picks came to, beside a reference model's. */
export interface Outcome {
  readonly quality: number
  readonly cost: number
  readonly referenceQuality: number
  readonly referenceCost: number
  /** quality / referenceQuality. */
  readonly ratio: number
  /** 1 − cost / referenceCost. */
  readonly saved: number
  /** Of the ratio, from the paired differences. */
  readonly ratioError: number
}

/**
 * Means over the rows where pick and reference were tried, paired. Where rows tell of one model only (a gateway's own log) each
 * mean is over the rows that tell of it, weighted by inverse propensity (the self-normalised estimator).
 */
export function judge(predictions: Predictions, picks: Int32Array, reference: number): Outcome {
  const own = meanOf(predictions, (row) => picks[row] as number)
  const base = meanOf(predictions, () => reference)
  const error = pairedError(predictions, picks, reference) ?? Math.hypot(own.error, base.error)
  return {
    quality: own.quality,
    cost: own.cost,
    referenceQuality: base.quality,
    referenceCost: base.cost,
    ratio: base.quality === 0 ? 1 : own.quality / base.quality,
    saved: base.cost === 0 ? 0 : 1 - own.cost / base.cost,
    ratioError: base.quality === 0 ? 0 : error / base.quality,
  }
}

interface Mean {
  readonly quality: number
  readonly cost: number
  /** Standard error of the quality. */
  readonly error: number
}

function meanOf(
  { rows, models, scores, paid, weights }: Predictions,
  modelOf: (row: number) => number,
): Mean {
  let total = 0
  let quality = 0
  let squares = 0
  let cost = 0
  let priced = 0
  for (let row = 0; row < rows; row++) {
    const at = row * models + modelOf(row)
    const weight = weights[at] as number
    if (weight === 0) continue
    const score = scores[at] as number
    total += weight
    quality += weight * score
    squares += weight * score * score
    if (Number.isNaN(paid[at])) continue
    cost += weight * (paid[at] as number)
    priced += weight
  }
  const mean = total === 0 ? 0 : quality / total
  const variance = total === 0 ? 0 : Math.max(0, squares / total - mean * mean)
  return {
    quality: mean,
    cost: priced === 0 ? 0 : cost / priced,
    error: Math.sqrt(variance / Math.max(1, total)),
  }
}

/** Null when not every row tells of both. */
function pairedError(
  { rows, models, scores, weights }: Predictions,
  picks: Int32Array,
  reference: number,
): number | null {
  let sum = 0
  let squares = 0
  for (let row = 0; row < rows; row++) {
    const at = row * models + (picks[row] as number)
    const base = row * models + reference
    if (weights[at] === 0 || weights[base] === 0) return null
    const difference = (scores[at] as number) - (scores[base] as number)
    sum += difference
    squares += difference * difference
  }
  const mean = sum / rows
  return Math.sqrt(Math.max(0, squares / rows - mean * mean) / rows)
}
