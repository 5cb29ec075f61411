import type { ListPrices } from './import-llmrouter.ts'

const charsPerToken = 4
/** What an answer is taken to have where nothing is known of it. */
const usualOutputTokens = 400

/** USD of a call of which only the prompt is known; null without a price. */
export function estimateCost(prompt: string, model: string, prices: ListPrices): number | null {
  const price = prices[model]
  if (price === undefined) return null
  return ((prompt.length / charsPerToken) * price[0] + usualOutputTokens * price[1]) / 1e6
}
