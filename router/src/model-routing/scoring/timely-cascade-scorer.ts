import type { CascadePlan } from '../cascade/cascade-plan.ts'
import { slownessOf } from './answer-times.ts'
import type { ModelInfo, RouteContext, Scorer } from './scorer.ts'

/**
 * A cascade of which the slowest answer would come later than the budget allows is none: the inner scorer's choice is called alone.
 * Models nobody has seen answer yet count as quick. Milliseconds.
 */
export function createTimelyCascadeScorer(inner: Scorer, budgetMs: number): Scorer {
  return {
    ...inner,
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      if (out.cascade === null || slowestMs(out.cascade, context, models) <= budgetMs) return
      out.cascade = null
      out.reasons.push('cascade_not_applicable', 'cascade_too_slow')
    },
  }
}

function slowestMs(plan: CascadePlan, { live }: RouteContext, models: readonly ModelInfo[]): number {
  const timeOf = (at: number): number => slownessOf(live, models[at]?.name ?? '') ?? 0
  if (plan.mode === 'agreement')
    return Math.max(timeOf(plan.first), timeOf(plan.second)) + timeOf(plan.strong)
  if (plan.mode === 'validity') return plan.rungs.reduce((sum, at) => sum + timeOf(at), 0)
  // The small model answers, and is then asked about its answer by questions that run at once.
  return 2 * timeOf(plan.small) + timeOf(plan.large)
}
