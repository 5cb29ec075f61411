import { describe, expect, it } from 'vitest'
import { type OutcomeSums, Residuals } from './residuals.ts'

const cell = (patch: Partial<OutcomeSums>): OutcomeSums => ({
  ...{ bundleId: 'rb_1', domain: 'math', tier: 'simple', arm: 'a', weight: 0, reward: 0, residual: 0 },
  ...patch,
})

describe('residuals', () => {
  it('move a model as far as its outcomes carry', () => {
    const few = new Residuals([cell({ weight: 1, residual: -1 })], 'rb_1')
    const many = new Residuals([cell({ weight: 400, residual: -80 })], 'rb_1')
    expect(few.shiftOf('math', 'a').shift).toBeGreaterThan(-0.15)
    expect(many.shiftOf('math', 'a').shift).toBeCloseTo(-0.2, 2)
    expect(many.shiftOf('law', 'a').shift).toBeCloseTo(-0.19, 2)
    expect(many.shiftOf('math', 'b').shift).toBe(0)
  })

  it('never move it by more than a quarter', () => {
    expect(new Residuals([cell({ weight: 1e6, residual: -1e6 })], 'rb_1').shiftOf('math', 'a').shift).toBe(
      -0.25,
    )
  })

  it('sum up whatever the order and the number of parts', () => {
    const parts = [cell({ weight: 3, residual: 1 }), cell({ weight: 5, residual: -2, tier: 'complex' })]
    const whole = [cell({ weight: 8, residual: -1 })]
    const shift = (cells: readonly OutcomeSums[]) => new Residuals(cells, 'rb_1').shiftOf('math', 'a')
    expect(shift(parts)).toEqual(shift(whole))
    expect(shift(parts.toReversed())).toEqual(shift(parts))
  })

  it('of another bundle count half', () => {
    const own = new Residuals([cell({ weight: 10, residual: 2 })], 'rb_1').shiftOf('math', 'a').shift
    const foreign = new Residuals([cell({ bundleId: 'rb_2', weight: 20, residual: 4 })], 'rb_1')
    expect(foreign.shiftOf('math', 'a').shift).toBeCloseTo(own, 9)
  })
})
