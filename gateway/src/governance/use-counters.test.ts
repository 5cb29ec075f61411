import { describe, expect, it } from 'vitest'
import type { UseRow } from '../storage/use-store.ts'
import { UseCounters } from './use-counters.ts'

const account = { subject: 's', group: 'g', endsAt: null }

function openCounters() {
  const stored = new Map<string, number>()
  const errors: unknown[] = []
  const state = { isAway: false, writes: 0 }
  const counters = new UseCounters({
    store: {
      read: async (subject, group) => {
        if (state.isAway) throw new Error('away')
        return stored.get(`${subject} ${group}`) ?? 0
      },
      add: async (rows: readonly UseRow[]) => {
        if (state.isAway) throw new Error('away')
        state.writes += 1
        for (const { subject, group, amount } of rows) {
          const name = `${subject} ${group}`
          stored.set(name, (stored.get(name) ?? 0) + amount)
        }
      },
    },
    onError: (error) => errors.push(error),
  })
  return { counters, stored, errors, state }
}

describe('UseCounters', () => {
  it('sums up what is added and writes it at once', async () => {
    const { counters, stored, state } = openCounters()
    for (const amount of [1, 2, 0, 3]) counters.add(account, amount)
    counters.add({ ...account, group: 'h' }, 7)
    expect(await counters.read(account)).toBe(6)
    await counters.close()
    expect([...stored]).toEqual([
      ['s g', 6],
      ['s h', 7],
    ])
    expect(state.writes).toBe(1)
    expect(await counters.read(account)).toBe(6)
  })

  it('keeps what could not be written', async () => {
    const { counters, stored, errors, state } = openCounters()
    state.isAway = true
    counters.add(account, 2)
    await counters.flush()
    counters.add(account, 3)
    await expect(counters.read(account)).rejects.toThrow('away')
    state.isAway = false
    await counters.close()
    expect(stored.get('s g')).toBe(5)
    expect(errors).toHaveLength(1)
  })
})
