import type { Deployment } from '../deployments/deployment.ts'
import { estimateCost } from '../pricing/estimate-cost.ts'
import { picoPerUsd } from '../pricing/prices.ts'
import { pickLowest } from './pick-lowest.ts'
import type { PickContext, Strategy } from './strategy.ts'

/** Assumed length of an answer while nothing is known. */
const assumedOutputTokens = 256

/**
 * The cheapest estimated total for this request. Deployments without a known price come last. `rpm` and `tpm` are
 * limits, as with usage-based routing.
 */
export const costBased: Strategy = {
  name: 'cost-based-routing',
  enforcesLimits: true,
  pick(context, candidates) {
    const outputTokens = context.maxOutputTokens ?? findMeanOutput(candidates)
    const cost = (deployment: Deployment): number => findCost(deployment, context, outputTokens)
    const deployment = pickLowest(candidates, cost, () => 0, context.random)
    const score = cost(deployment)
    if (!Number.isFinite(score)) return { deployment, reason: 'no price is known' }
    return { deployment, reason: 'lowest estimated cost', score: score / picoPerUsd }
  },
}

function findCost(deployment: Deployment, context: PickContext, outputTokens: number): number {
  if (deployment.prices === null) return Number.POSITIVE_INFINITY
  return estimateCost(deployment.prices, context.inputTokens, outputTokens) ?? Number.POSITIVE_INFINITY
}

/** One length for all candidates, so that a talkative past does not decide. */
function findMeanOutput(candidates: readonly Deployment[]): number {
  let sum = 0
  let seen = 0
  for (const { state } of candidates) {
    if (state.meanOutputTokens === 0) continue
    sum += state.meanOutputTokens
    seen++
  }
  return seen === 0 ? assumedOutputTokens : sum / seen
}
