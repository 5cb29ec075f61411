import type { ModelPrices } from './prices.ts'

/**
 * A rough price of a request that has not run, for comparing deployments: pico-USD as a plain number. Null when a
 * price is unknown.
 */
export function estimateCost(prices: ModelPrices, inputTokens: number, outputTokens: number): number | null {
  const { plain } = prices
  if (plain !== null && inputTokens <= plain.upToInputTokens) {
    return inputTokens * plain.input + outputTokens * plain.output
  }
  let rates = prices.steps[0].rates.standard
  for (const step of prices.steps) if (inputTokens > step.aboveInputTokens) rates = step.rates.standard
  if (rates.input === null || (rates.output === null && outputTokens > 0)) return null
  return (
    inputTokens * Number(rates.input) +
    outputTokens * Number(rates.output ?? 0n) +
    Number(prices.units.request ?? 0n)
  )
}
