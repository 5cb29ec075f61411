import { type Usage, zeroUsage } from '../conversation/usage.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { type AdjustedCost, adjustCost } from '../pricing/adjust-cost.ts'
import { type CostTerms, computeCost, plainTerms } from '../pricing/compute-cost.ts'
import type { PicoUsd } from '../pricing/prices.ts'
import type { Progress } from './progress.ts'

/** What an answer costs; the parts only where the operator adjusts list prices. */
export interface Price {
  readonly total: PicoUsd | null
  readonly parts: AdjustedCost | null
}

const unknown: Price = { total: null, parts: null }

/**
 * What an answer costs, with the operator's discount and margin. `terms` are what the bill depends on besides usage; an
 * answer with neither, or of a model without known prices, has no known cost.
 */
export function priceOf(
  { prices, adjustment }: Deployment,
  usage: Usage | null,
  terms: Partial<CostTerms> | undefined,
): Price {
  if (prices === null || (usage === null && terms === undefined)) return unknown
  const gross =
    terms === undefined
      ? computeCost(prices, usage ?? zeroUsage)
      : computeCost(prices, usage ?? zeroUsage, { ...plainTerms, ...terms })
  if (gross === null || adjustment === null) return { total: gross, parts: null }
  const parts = adjustCost(gross, adjustment)
  return { total: parts.total, parts }
}

/** Notes what the answer costs. */
export function priceAnswer(
  progress: Progress,
  deployment: Deployment,
  terms: Partial<CostTerms> | undefined,
): void {
  const { total, parts } = priceOf(deployment, progress.usage, terms)
  progress.costPico = total
  progress.costParts = parts
}
