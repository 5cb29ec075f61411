import { describe, expect, it } from 'vitest'
import { zeroUsage } from '../conversation/usage.ts'
import { computeCost } from './compute-cost.ts'
import { estimateCost } from './estimate-cost.ts'
import { readEntry } from './parse-price-map.ts'

describe('estimateCost', () => {
  const fields = {
    input_cost_per_token: 1e-6,
    output_cost_per_token: 4e-6,
    input_cost_per_token_above_200k_tokens: 2e-6,
  }
  const { prices } = readEntry('model', fields)

  it.each([
    [10, 10],
    [200_001, 5],
  ])('agrees with the bill for %d in and %d out', (inputTokens, outputTokens) => {
    if (prices === null) throw new Error('the entry has no price')
    const bill = computeCost(prices, { ...zeroUsage, inputTokens, outputTokens })
    expect(estimateCost(prices, inputTokens, outputTokens)).toBe(Number(bill))
  })

  it('is unknown when a needed price is', () => {
    const partial = readEntry('model', { input_cost_per_token: 1e-6 }).prices
    if (partial === null) throw new Error('the entry has no price')
    expect(estimateCost(partial, 1, 1)).toBeNull()
    expect(estimateCost(partial, 1, 0)).toBe(1_000_000)
  })
})
