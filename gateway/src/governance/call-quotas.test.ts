import { describe, expect, it } from 'vitest'
import type { QuotaConfig, QuotaLimitConfig } from '../config/config.ts'
import { anonymousCaller } from '../identity/caller.ts'
import { CallQuotas } from './call-quotas.ts'
import type { GovernedCall } from './governor.ts'

const now = Date.UTC(2026, 4, 31, 23, 59, 30)
const limit = (changes: Partial<QuotaLimitConfig> = {}): QuotaLimitConfig => ({
  ...{ id: '', metric: 'requests', window: 'month', limit: 10, models: [], routes: [] },
  ...changes,
})
const quotas = (...limits: QuotaLimitConfig[]): CallQuotas => new CallQuotas({ ...config, limits })
const config: QuotaConfig = {
  ...{ isEnabled: true, failsClosed: false, limits: [], pricePerThousandUsd: 0.002, reconciles: true },
}
const call = (changes: Partial<GovernedCall> = {}): GovernedCall => ({
  ...{
    caller: anonymousCaller,
    requestedModel: 'fast',
    group: { name: 'gpt', deployments: [], priceLists: [] },
  },
  ...{ operation: 'chat', bytes: 1, body: {}, endUser: null, tags: [], route: '/chat/completions' },
  address: '10.0.0.1',
  ...changes,
})

describe('quotas of callers', () => {
  it.each([
    [{}, 'ip:10.0.0.1'],
    [{ keyHash: 'abc' }, 'key:abc'],
    [{ keyHash: 'abc', userId: 'ann' }, 'user:ann'],
    [{ keyHash: 'abc', userId: 'ann', teamId: 'red' }, 'team:red'],
  ])('of %j are those of %s', (who, subject) => {
    const [found] = quotas(limit()).limitsOf(call({ caller: { ...anonymousCaller, ...who } }), now)
    expect(found?.account.subject).toBe(`quota:${subject}:requests:month:${Date.UTC(2026, 4, 1) / 1_000}:`)
    expect(found?.account.endsAt).toBe(Date.UTC(2026, 5, 1))
  })

  it('concern the models and routes they name', () => {
    const all = quotas(
      limit({ id: 'model', models: ['gp?'] }),
      limit({ id: 'asked', models: ['fast'] }),
      limit({ id: 'other', models: ['claude'] }),
      limit({ id: 'route', routes: ['/v1/chat/*'] }),
      limit({ id: 'elsewhere', routes: ['/embeddings'] }),
    )
    const concerned = (changes: Partial<GovernedCall>): (string | undefined)[] =>
      all.limitsOf(call(changes), now).map(({ account }) => account.subject.split(':').at(-1))
    for (const _ of [1, 2]) expect(concerned({})).toEqual(['model', 'asked', 'route'])
    expect(concerned({ route: null })).toEqual(['model', 'asked'])
  })

  it('keep what is used in long windows, and say when it ends', () => {
    const [minute, month] = quotas(
      limit({ window: 'minute' }),
      limit({ metric: 'spend_usd', limit: 0.5 }),
    ).limitsOf(call(), now)
    expect([minute?.isKept, month?.isKept]).toEqual([false, true])
    expect(month?.limit).toBe(5e8)
    expect(month?.priceOfThousand).toBe(2e6)
    expect(minute?.refuse(10, now)).toMatchObject({
      code: 'quota_exceeded',
      status: 429,
      options: { retryAfterSeconds: 30, extras: { current: 10, limit: 10, retry_after: 30 } },
    })
    expect(month?.refuse(2.5e8, now).options.extras).toMatchObject({ current: 0.25, limit: 0.5 })
  })
})
