import { describe, expect, it } from 'vitest'
import { modelConfig, snapshotOf } from '../deployments/for-test.ts'
import { UpstreamBudgets } from './upstream-budgets.ts'

const day = 86_400_000
const start = Date.UTC(2026, 4, 10, 12)
const nano = (usd: number): bigint => BigInt(Math.round(usd * 1e9))

async function open(ledger: Record<string, number> = {}) {
  const clock = { now: start }
  const budget = { maxUsd: 1, duration: '1d' }
  const routing = snapshotOf([modelConfig('a', { budget }), modelConfig('b')], {
    routing: { providerBudgets: { openai: { maxUsd: 3, duration: null } } },
  })
  const [a, b] = ['a', 'b'].map((name) => routing.groups.get(name)?.deployments[0])
  if (a === undefined || b === undefined) throw new Error('a deployment is missing')
  const budgets = new UpstreamBudgets({
    totals: { spentSince: async (kind, id) => ledger[kind === 'provider' ? id : 'a'] ?? 0 },
    routing: () => routing,
    timezone: () => 'UTC',
    now: () => clock.now,
    onError: (error) => {
      throw error
    },
  })
  await budgets.start()
  budgets.close()
  const spend = (of: typeof a, usd: number): void =>
    budgets.add({ deploymentId: of.id, provider: of.provider.id, costNanoUsd: nano(usd) })
  const areOver = (): boolean[] => [a, b].map(({ state }) => state.isOverBudget(clock.now))
  return { clock, a, b, spend, areOver }
}

describe('budgets of deployments and providers', () => {
  it('take out what is used up, until the period ends', async () => {
    const { clock, a, spend, areOver } = await open()
    spend(a, 0.6)
    expect(areOver()).toEqual([false, false])
    spend(a, 0.4)
    expect(areOver()).toEqual([true, false])
    clock.now += day
    expect(areOver()).toEqual([false, false])
    spend(a, 0.5)
    expect(areOver()).toEqual([false, false])
  })

  it('of a provider concern all that it serves, without end', async () => {
    const { clock, b, spend, areOver } = await open()
    spend(b, 3)
    expect(areOver()).toEqual([true, true])
    clock.now += 100 * day
    expect(areOver()).toEqual([true, true])
  })

  it('know from the ledger what was spent before', async () => {
    expect((await open({ a: 1e9 })).areOver()).toEqual([true, false])
    expect((await open({ openai: 3e9 })).areOver()).toEqual([true, true])
  })
})
