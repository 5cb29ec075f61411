import type { Predictions } from '../evaluation/predictions.ts'
import { lambdaGrid, pickAll } from '../evaluation/trade-off.ts'

/** Fewer rows can promise nothing. */
export const leastGuaranteeRows = 200

/** "Mean quality at most ε below the reference, with confidence 1 − δ." A promise on the mean; none on a single answer. */
export interface Guarantee {
  readonly epsilon: number
  readonly delta: number
}

/** How far below the reference's quality every λ fell on rows nobody was trained on, from safest to cheapest. */
export interface ShortfallCurve {
  readonly rows: number
  /** Mean shortfall by λ of the grid. */
  readonly means: readonly number[]
  /** Its standard error. */
  readonly errors: readonly number[]
}

interface FittedGuarantee {
  /** Null: only the reference model itself keeps the promise. */
  readonly lambda: number | null
  /** Upper bound of the mean shortfall at that λ. */
  readonly bound: number
}

/** What the rows say of every λ. They must not have been trained on. */
export function measureShortfalls(
  predictions: Predictions,
  reference: number,
  costRef: number,
): ShortfallCurve {
  const points = lambdaGrid.map((lambda) =>
    measureShortfall(predictions, pickAll(predictions, lambda, costRef), reference),
  )
  return {
    rows: predictions.rows,
    means: points.map(({ mean }) => mean),
    errors: points.map(({ error }) => error),
  }
}

/**
 * The cheapest λ that keeps the promise: down the list from safest to cheapest, stopping at the first whose bound
 * d̄ + z·sd/√n fails. Testing in a fixed order needs no correction for the number of tests.
 */
export function keepPromise(curve: ShortfallCurve, { epsilon, delta }: Guarantee): FittedGuarantee {
  let best: FittedGuarantee = { lambda: null, bound: 0 }
  if (curve.rows < leastGuaranteeRows) return best
  const z = normalQuantile(1 - delta)
  for (const [at, lambda] of lambdaGrid.entries()) {
    const bound = (curve.means[at] ?? Number.POSITIVE_INFINITY) + z * (curve.errors[at] ?? 0)
    if (bound > epsilon) break
    best = { lambda, bound }
  }
  return best
}

/** Both at once. */
export function fitGuarantee(
  predictions: Predictions,
  reference: number,
  costRef: number,
  promise: Guarantee,
): FittedGuarantee {
  return keepPromise(measureShortfalls(predictions, reference, costRef), promise)
}

function measureShortfall(
  { rows, models, scores }: Predictions,
  picks: Int32Array,
  reference: number,
): { readonly mean: number; readonly error: number } {
  let sum = 0
  let squares = 0
  let counted = 0
  for (let row = 0; row < rows; row++) {
    const difference =
      (scores[row * models + reference] as number) - (scores[row * models + (picks[row] as number)] as number)
    if (Number.isNaN(difference)) continue
    sum += difference
    squares += difference * difference
    counted++
  }
  // Rows that do not tell of both promise nothing.
  if (counted < rows || rows < leastGuaranteeRows) return { mean: 1, error: 1 }
  const mean = sum / counted
  return { mean, error: Math.sqrt(Math.max(0, squares / counted - mean * mean) / counted) }
}

/** The inverse of the normal distribution by Acklam's approximation; relative error below 1.2e-9. */
export function normalQuantile(p: number): number {
  const low = 0.02425
  if (p < low) return -tail(Math.sqrt(-2 * Math.log(p)))
  if (p > 1 - low) return tail(Math.sqrt(-2 * Math.log(1 - p)))
  const q = p - 0.5
  const r = q * q
  const above =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q
  const below =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1
  return above / below
}

function tail(q: number): number {
  const above =
    ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783
  const below =
    (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
    1
  return -above / below
}
