import { describe, expect, it } from 'vitest'
import { InProcessState } from './in-process-state.ts'

describe('InProcessState', () => {
  it('ends values and counters exactly at their time, which later increments do not move', async () => {
    let clock = 0
    const state = new InProcessState(() => clock)
    const increment = { key: 'n', by: 1, ttlMs: 1_000, limit: null }
    await state.set('a', 'x', 1_000)
    await state.increment([increment])
    clock = 999
    expect(await state.get('a')).toBe('x')
    expect((await state.increment([increment])).values).toEqual([2])
    clock = 1_000
    expect(await state.get('a')).toBeNull()
    expect((await state.increment([increment])).values).toEqual([1])
  })

  it('does not keep what nobody asks for any more', async () => {
    let clock = 0
    const state = new InProcessState(() => clock)
    for (let n = 0; n < 20_000; n++) {
      clock = n
      await state.set(`value-${n}`, 'x', 10)
      await state.increment([{ key: `counter-${n}`, by: 1, ttlMs: 10, limit: null }])
    }
    expect(state.size).toBeLessThan(2_000)
    expect(await state.get('value-19999')).toBe('x')
  })
})
