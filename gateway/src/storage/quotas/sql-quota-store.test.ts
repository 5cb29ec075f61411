import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { calendarMonth } from '../../quotas/calendar-month.ts'
import type { QuotaStore } from '../../quotas/quota-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlQuotaStore } from './sql-quota-store.ts'

const now = Date.UTC(2026, 4, 31, 12)
const may = calendarMonth(now)
const june = calendarMonth(now + 86_400_000)
const keyHash = 'a'.repeat(64)
const acme = { workspaceId: 'acme', keyHash: null }
const guest = { workspaceId: 'acme', keyHash }
const allowance = { plan: 'core', dimension: 'traces_month', keyHash: null, limit: 10 } as const

describe.each(await listTestDatabases())('the quota store over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: QuotaStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlQuotaStore(opened.database, () => now)
  })
  beforeEach(() => opened.database.pool.query('TRUNCATE quotas, quota_usage'))
  afterAll(() => opened?.dispose())

  it('keeps one quota for a workspace and one for each key, the last one set', async () => {
    await store.set({ ...acme, plan: 'free', limits: { skills: 10 } })
    await store.set({ ...guest, plan: 'guest', limits: { publish: false } })
    await store.set({ ...acme, plan: 'core', limits: { skills: 50, compare: true } })
    const byPlan = (await store.list()).toSorted((left, right) => left.plan.localeCompare(right.plan))
    expect(byPlan).toEqual([
      { ...acme, plan: 'core', limits: { skills: 50, compare: true } },
      { ...guest, plan: 'guest', limits: { publish: false } },
    ])
    expect([await store.remove(acme), await store.remove(acme)]).toEqual([true, false])
    expect(await store.list()).toHaveLength(1)
  })

  it('takes up to the limit of a month and no further', async () => {
    await store.take('acme', [allowance], 7, may)
    await expect(store.take('acme', [allowance], 4, may)).rejects.toMatchObject({
      code: 'quota_exceeded',
      options: { extras: { used: 7, limit: 10, resets_in_seconds: 43_200 } },
    })
    await store.take('acme', [allowance], 3, may)
    await store.take('acme', [allowance], 10, june)
    await store.take('other', [allowance], 10, may)
    expect(await store.usage(acme, may)).toEqual({
      traces_month: 10,
      judge_calls_month: 0,
      benchmark_cases_month: 0,
    })
  })

  it('refuses a first amount that is already too much', async () => {
    await expect(store.take('acme', [allowance], 11, may)).rejects.toMatchObject({
      options: { extras: { used: 0 } },
    })
    expect((await store.usage(acme, may)).traces_month).toBe(0)
  })

  it('takes from all allowances or from none', async () => {
    const ofKey = { ...allowance, plan: 'guest', keyHash, limit: 2 }
    await store.take('acme', [allowance, ofKey], 2, may)
    await expect(store.take('acme', [allowance, ofKey], 1, may)).rejects.toMatchObject({
      options: { extras: { plan: 'guest', used: 2 } },
    })
    expect((await store.usage(acme, may)).traces_month).toBe(2)
    expect((await store.usage(guest, may)).traces_month).toBe(2)
  })

  it('is not overdrawn by many at once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, () => store.take('acme', [allowance], 1, may)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect((await store.usage(acme, may)).traces_month).toBe(10)
  })
})
