import { describe, expect, it } from 'vitest'
import { adjustCost } from './adjust-cost.ts'
import { findAdjustment } from './find-adjustment.ts'

const totalOf = (provider: string): bigint | null => {
  const config = { discounts: { openai: 0.5 }, margins: { global: 0.1, groq: { fixed_amount: 1e-9 } } }
  const adjustment = findAdjustment(config, provider)
  return adjustment === null ? null : adjustCost(1000n, adjustment).total
}

describe('findAdjustment', () => {
  it('takes a provider’s own margin before the one of all', () => {
    expect(totalOf('openai')).toBe(550n)
    expect(totalOf('groq')).toBe(2000n)
    expect(totalOf('mistral')).toBe(1100n)
  })

  it('changes nothing where nothing is configured', () => {
    expect(findAdjustment({ discounts: {}, margins: {} }, 'openai')).toBeNull()
  })

  it('says which provider’s numbers are unusable', () => {
    expect(() => findAdjustment({ discounts: { openai: 'x' }, margins: {} }, 'openai')).toThrow('`openai`')
  })
})
