import { zeroUsage } from '../conversation/usage.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { adjustCost } from '../pricing/adjust-cost.ts'
import { type CostTerms, computeCost, plainTerms } from '../pricing/compute-cost.ts'
import type { Progress } from './progress.ts'

/**
 * Notes what an answer costs, with the operator's discount and margin. `terms` are what the bill depends on besides
 * usage; an answer with neither, or of a model without known prices, has no known cost.
 */
export function priceAnswer(
  progress: Progress,
  { prices, adjustment }: Deployment,
  terms: Partial<CostTerms> | undefined,
): void {
  const { usage } = progress
  progress.costPico = null
  if (prices === null || (usage === null && terms === undefined)) return
  const gross =
    terms === undefined
      ? computeCost(prices, usage ?? zeroUsage)
      : computeCost(prices, usage ?? zeroUsage, { ...plainTerms, ...terms })
  progress.costPico = gross
  if (gross === null || adjustment === null) return
  progress.costParts = adjustCost(gross, adjustment)
  progress.costPico = progress.costParts.total
}
