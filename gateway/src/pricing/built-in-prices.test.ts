import { describe, expect, it } from 'vitest'
import { zeroUsage } from '../conversation/usage.ts'
import { loadBuiltInPrices } from './built-in-prices.ts'
import { computeCost } from './compute-cost.ts'

const entries = loadBuiltInPrices()

describe('built-in prices', () => {
  it('prices every model and knows its limits', () => {
    for (const [name, entry] of entries) {
      const isText = entry.facts.mode === 'chat' || entry.facts.mode === 'embedding'
      expect(entry.prices, name).not.toBeNull()
      if (isText) expect(entry.prices?.steps[0].rates.standard.input, name).not.toBeNull()
      if (isText) expect(entry.facts.maxInputTokens, name).toBeGreaterThan(0)
      expect(entry.facts.provider, name).not.toBeNull()
    }
  })

  it('bills a million tokens of well-known models at the published price', () => {
    const usage = { ...zeroUsage, inputTokens: 1_000_000, outputTokens: 1_000_000 }
    const usd = (name: string): number => {
      const prices = entries.get(name)?.prices
      return prices == null ? Number.NaN : Number(computeCost(prices, usage)) / 1e12
    }
    expect(usd('gpt-4o')).toBe(12.5)
    expect(usd('gpt-4o-mini')).toBe(0.75)
    expect(usd('claude-sonnet-4-5')).toBe(28.5)
    expect(usd('claude-haiku-4-5-20251001')).toBe(6)
    expect(usd('text-embedding-3-small')).toBe(0.02)
  })

  it('knows what models cannot do', () => {
    expect(entries.get('gpt-3.5-turbo')?.facts.supports['supports_vision']).toBe(false)
    expect(entries.get('gpt-4o')?.facts.supports['supports_vision']).toBe(true)
  })
})
