import { describe, expect, it } from 'vitest'
import { InProcessLimiter } from '../storage/limits/in-process-limiter.ts'
import type { Charge } from './charges.ts'
import { claimsBeyond, HoldBeyond } from './hold-beyond.ts'
import type { BudgetClaim } from './limiter.ts'

const budget = (amount: number): BudgetClaim => ({
  kind: 'budget',
  subject: 'budget:key',
  amount,
  limit: 100,
  spent: 0,
  keepMs: 60_000,
})
const charge = (claim: BudgetClaim): Charge => ({ claim, rate: null, use: null }) as unknown as Charge
const call = (cost: number | null) => ({ inputTokens: 10, outputTokens: 10, cost })

describe('what several calls hold beyond one', () => {
  it('is their sum less what is held, and nothing where they cost less', () => {
    expect(claimsBeyond([charge(budget(40))], [call(10), call(20), call(40)])).toEqual([budget(30)])
    expect(claimsBeyond([charge(budget(40))], [call(10), call(20)])).toEqual([])
  })

  it('counts a call of unknown price as next to nothing', () => {
    expect(claimsBeyond([charge(budget(40))], [call(40), call(null)])).toEqual([budget(1)])
  })

  it('is taken as a whole or not at all, and freed', async () => {
    const limiter = new InProcessLimiter(() => 0)
    limiter.claim('one', [budget(40)])
    const beyond = new HoldBeyond(limiter, 'one+', 0)
    expect(beyond.take([budget(61)])).toBe(false)
    expect(beyond.take([budget(60)])).toBe(true)
    expect(limiter.claim('two', [budget(1)]).refusedBy).toBe(0)
    beyond.release(() => undefined)
    expect(limiter.claim('two', [budget(60)]).refusedBy).toBeNull()
  })
})
