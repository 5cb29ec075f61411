import type { Predictions } from './predictions.ts'
import { judge, lambdaGrid, pickAll } from './trade-off.ts'

export interface FittedLambda {
  readonly lambda: number
  readonly target: number
  readonly ratio: number
  readonly error: number
}

/**
 * The cheapest λ that keeps the target's share of the reference's quality; 0 when none does. Meant for pooled predictions of
 * cross-validation, which are a little pessimistic: each is by a model that saw a fifth less.
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
    const meets = lambda === 0 || outcome.ratio >= target
    if (!meets || (best !== null && outcome.saved <= best.saved)) continue
    best = { lambda, target, ratio: outcome.ratio, error: outcome.ratioError, saved: outcome.saved }
  }
  return best ?? { lambda: 0, target, ratio: 1, error: 0 }
}
