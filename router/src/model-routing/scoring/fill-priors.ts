import { callCost, usualCostRef, usualOutputTokens } from './call-cost.ts'
import { modelStrength } from './model-strength.ts'
import { unknownSigma } from './prior-scorer.ts'
import type { ModelInfo, RouteContext, Scores } from './scorer.ts'

/** What can be said of candidates without looking at the ask: how good they probably are, and what the call costs. */
export function fillPriors(context: RouteContext, models: readonly ModelInfo[], out: Scores): void {
  const dearest = usualCostRef(models)
  models.forEach((model, at) => {
    const strength = modelStrength(model)
    const cost = callCost(model, context, usualOutputTokens)
    out.q[at] = strength
    out.mean[at] = strength
    out.sigma[at] = unknownSigma
    out.nEff[at] = 0
    out.cost[at] = cost ?? dearest
    if (cost === null && !out.reasons.includes('price_unknown')) out.reasons.push('price_unknown')
  })
  out.components.set('global', out.mean.slice())
  out.costRef = dearest
}
