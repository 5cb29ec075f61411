import type { ModelInfo, RouteContext } from './scorer.ts'

/** Tokens of an answer nobody knows anything about. */
export const usualOutputTokens = 400
const usualInputTokens = 600

/** USD for this request at list prices; null when a price is unknown. */
export function callCost(model: ModelInfo, context: RouteContext, outputTokens: number): number | null {
  if (model.inputPrice === null || model.outputPrice === null) return null
  const output = Math.min(outputTokens, context.maxTokens ?? Number.POSITIVE_INFINITY)
  return context.inputTokens * model.inputPrice + output * model.outputPrice
}

/** What one dear call costs when no training data says: the dearest candidate at 600 tokens in and 400 out. */
export function usualCostRef(models: readonly ModelInfo[]): number {
  let dearest = 0
  for (const { inputPrice, outputPrice } of models)
    dearest = Math.max(dearest, (inputPrice ?? 0) * usualInputTokens + (outputPrice ?? 0) * usualOutputTokens)
  return dearest > 0 ? dearest : 1
}
