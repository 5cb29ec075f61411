import { describe, expect, it } from 'vitest'
import { adjustCost, readAdjustment } from './adjust-cost.ts'

describe('adjustCost', () => {
  it('takes the discount first and adds the margin to what is left', () => {
    const adjusted = adjustCost(1_000_000n, readAdjustment(0.1, { percentage: 0.2, fixed_amount: 1e-6 }))
    expect(adjusted).toEqual({ gross: 1_000_000n, discount: 100_000n, margin: 1_180_000n, total: 2_080_000n })
  })

  it('leaves the price alone without configuration', () => {
    expect(adjustCost(7n, readAdjustment(undefined, undefined)).total).toBe(7n)
  })

  it('reads a margin given as a bare factor', () => {
    expect(adjustCost(1000n, readAdjustment(undefined, 0.05)).margin).toBe(50n)
  })

  it.each([
    [2, undefined],
    ['much', undefined],
    [undefined, -1],
    [undefined, { percentage: 'x' }],
  ])('refuses discount %s with margin %s', (discount, margin) => {
    expect(() => readAdjustment(discount, margin)).toThrow()
  })
})
