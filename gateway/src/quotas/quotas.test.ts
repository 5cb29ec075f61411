import type { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { type CalendarMonth, calendarMonth } from './calendar-month.ts'
import type { Quota, QuotaLimits } from './quota.ts'
import { quotaSchema } from './quota-schema.ts'
import type { MonthlyAllowance } from './quota-store.ts'
import { Quotas } from './quotas.ts'
import { RouteRates } from './route-rates.ts'

const start = Date.UTC(2026, 0, 31, 23, 59, 30)
const quota = (limits: QuotaLimits, keyHash: string | null = null): Quota => ({
  workspaceId: 'acme',
  keyHash,
  plan: keyHash === null ? 'core' : 'guest',
  limits,
})
const acme = { workspaceId: 'acme', keyHash: null }
const guest = { workspaceId: 'acme', keyHash: 'k1' }

async function openQuotas(...all: Quota[]) {
  const taken: { allowances: readonly MonthlyAllowance[]; amount: number; month: CalendarMonth }[] = []
  let time = start
  const quotas = new Quotas(
    {
      list: async () => all,
      async take(_, allowances, amount, month) {
        taken.push({ allowances, amount, month })
      },
    },
    () => time,
  )
  await quotas.refresh()
  const sleep = (ms: number): void => {
    time += ms
  }
  return { quotas, taken, sleep }
}

const refusal = (run: () => void): GatewayError => {
  try {
    run()
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('was admitted')
}

describe('quotas', () => {
  it('limit nothing and count nothing where none are set', async () => {
    const { quotas, taken } = await openQuotas(quota({ publish: false, skills: 1, traces_month: 0 }))
    const other = { workspaceId: 'other', keyHash: 'k1' }
    quotas.requireFeature(other, 'publish')
    quotas.admitRouteCall(other)
    await quotas.take(other, 'traces_month', 5)
    await quotas.take(acme, 'judge_calls_month')
    expect(taken).toEqual([])
    expect(quotas.limitOf('other', 'skills')).toBeNull()
  })

  it('say which plan lacks a feature, whether the workspace or the key lacks it', async () => {
    const { quotas } = await openQuotas(
      quota({ publish: false, compare: true }),
      quota({ compare: false }, 'k1'),
    )
    expect(refusal(() => quotas.requireFeature(acme, 'publish'))).toMatchObject({
      code: 'feature_disabled',
      status: 403,
      options: { headers: { 'x-ratelimit-plan': 'core' }, extras: { plan: 'core', feature: 'publish' } },
    })
    quotas.requireFeature(acme, 'compare')
    expect(refusal(() => quotas.requireFeature(guest, 'compare')).message).toContain('guest')
  })

  it('take from the month of the workspace and of the key at once', async () => {
    const { quotas, taken } = await openQuotas(quota({ traces_month: 10 }), quota({ traces_month: 3 }, 'k1'))
    await quotas.take(guest, 'traces_month', 3)
    expect(taken).toMatchObject([
      {
        amount: 3,
        month: { name: '2026-01', endsInSeconds: 30 },
        allowances: [
          { keyHash: null, limit: 10 },
          { keyHash: 'k1', limit: 3 },
        ],
      },
    ])
  })

  it('give stores the limits they count themselves', async () => {
    const { quotas } = await openQuotas(quota({ skills: 0 }))
    expect(quotas.limitOf('acme', 'skills')).toEqual({ plan: 'core', dimension: 'skills', limit: 0 })
    expect(quotas.limitOf('acme', 'agents')).toBeNull()
  })

  it('hold calls of the hot path to so many a minute, and say when to come back', async () => {
    const { quotas, sleep } = await openQuotas(quota({ route_calls_minute: 2 }))
    quotas.admitRouteCall(acme)
    quotas.admitRouteCall(guest)
    const refused = refusal(() => quotas.admitRouteCall(acme))
    expect(refused).toMatchObject({ code: 'rate_limit_exceeded', options: { retryAfterSeconds: 5 } })
    sleep(28_000)
    expect(refusal(() => quotas.admitRouteCall(acme)).options.retryAfterSeconds).toBe(2)
    sleep(2_000)
    quotas.admitRouteCall(acme)
  })
})

describe('rates', () => {
  it('add what other processes counted in the same minute', () => {
    const [here, there] = [new RouteRates(), new RouteRates()]
    here.count('acme', 3, start)
    here.count('acme', 3, start)
    const told = here.takeUnshared(start)
    expect(told).toMatchObject([{ key: 'acme', count: 2 }])
    expect(here.takeUnshared(start)).toEqual([])
    there.addForeign(told, start)
    expect(there.count('acme', 3, start)).toBeNull()
    expect(there.count('acme', 3, start)).toBe(30)
    there.addForeign(told, start + 30_000)
    expect(there.count('acme', 1, start + 30_000)).toBeNull()
  })
})

describe('a month', () => {
  it('is that of UTC and ends with it', () => {
    expect(calendarMonth(start)).toEqual({ name: '2026-01', endsInSeconds: 30 })
    const last = Date.UTC(2026, 11, 31, 23, 59, 59, 500)
    expect(calendarMonth(last)).toEqual({ name: '2026-12', endsInSeconds: 1 })
    expect(calendarMonth(start + 30_000).name).toBe('2026-02')
  })
})

describe('the body that sets a quota', () => {
  it('takes null for unlimited', () => {
    expect(quotaSchema.parse({ limits: { skills: 10, agents: null, publish: false } })).toEqual({
      plan: 'custom',
      limits: { skills: 10, publish: false },
    })
  })

  it.each([
    [{ limits: { skill: 10 } }],
    [{ limits: { skills: -1 } }],
    [{ limits: { skills: 1.5 } }],
    [{ limits: { publish: 1 } }],
    [{ limits: { retention_days: 0 } }],
    [{ plan: 'two words', limits: {} }],
    [{ plan: 'line\nfeed', limits: {} }],
    [{ limits: {}, more: 1 }],
    [{}],
  ])('refuses %j', (body) => {
    expect(quotaSchema.safeParse(body).success).toBe(false)
  })
})
