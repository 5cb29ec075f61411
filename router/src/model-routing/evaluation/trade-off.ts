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

/** Means over the rows where both the pick and the reference were tried. */
export function judge(
  { rows, models, scores, paid }: Predictions,
  picks: Int32Array,
  reference: number,
): Outcome {
  let quality = 0
  let cost = 0
  let referenceQuality = 0
  let referenceCost = 0
  let squares = 0
  let counted = 0
  for (let row = 0; row < rows; row++) {
    const at = row * models + (picks[row] as number)
    const base = row * models + reference
    const difference = (scores[at] as number) - (scores[base] as number)
    if (Number.isNaN(difference)) continue
    quality += scores[at] as number
    cost += paid[at] as number
    referenceQuality += scores[base] as number
    referenceCost += paid[base] as number
    squares += difference * difference
    counted++
  }
  const size = Math.max(1, counted)
  const mean = (quality - referenceQuality) / size
  const variance = Math.max(0, squares / size - mean * mean)
  const base = referenceQuality / size
  return {
    quality: quality / size,
    cost: cost / size,
    referenceQuality: base,
    referenceCost: referenceCost / size,
    ratio: base === 0 ? 1 : quality / referenceQuality,
    saved: referenceCost === 0 ? 0 : 1 - cost / referenceCost,
    ratioError: base === 0 ? 0 : Math.sqrt(variance / size) / base,
  }
}

export interface FittedLambda {
  readonly lambda: number
  readonly target: number
  readonly ratio: number
  readonly error: number
}

/** How far below its target a ratio may be once one standard error is taken off. */
const slack = 0.005

/**
 * The cheapest λ that keeps the target's share of the reference's quality, by the one-standard-error rule; 0 when none does.
 */
export function fitLambda(
  predictions: Predictions,
  reference: number,
  target: number,
  costRef: number,
): FittedLambda {
  let best: (FittedLambda & { readonly saved: number }) | null = null
  for (const lambda of lambdaGrid) {
    const outcome = judge(predictions, pickAll(predictions, lambda, costRef), reference)
    const meets = lambda === 0 || outcome.ratio - outcome.ratioError >= target - slack
    if (!meets || (best !== null && outcome.saved <= best.saved)) continue
    best = { lambda, target, ratio: outcome.ratio, error: outcome.ratioError, saved: outcome.saved }
  }
  return best ?? { lambda: 0, target, ratio: 1, error: 0 }
}
