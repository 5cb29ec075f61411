import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import type { UseStore } from '../use-store.ts'
import { createSqlUseStore } from './sql-use-store.ts'

const now = Date.UTC(2026, 4, 31, 12)
const row = (group: string, amount: number, endsAt: number | null = now) => ({
  ...{ subject: 's', group, amount, endsAt },
})

describe.each(await listTestDatabases())('the counters over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: UseStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlUseStore(opened.database)
  })
  beforeEach(() => opened.database.pool.query('TRUNCATE use_counters'))
  afterAll(() => opened?.dispose())

  it('add up, by subject and group', async () => {
    await store.add([row('a', 1), row('b', 5), row('', 2 ** 40)])
    await store.add([row('a', 2)])
    expect(await store.read('s', 'a')).toBe(3)
    expect(await store.read('s', '')).toBe(2 ** 40)
    expect(await store.read('other', 'a')).toBe(0)
    expect(await store.list('s', 2)).toEqual([
      { group: '', used: 2 ** 40 },
      { group: 'b', used: 5 },
    ])
  })

  it('add everything however many write at once', async () => {
    const rows = ['a', 'b', 'c'].map((group) => row(group, 1))
    await Promise.all(Array.from({ length: 20 }, () => store.add([...rows].reverse())))
    expect(await store.list('s', 9)).toEqual(rows.map(({ group }) => ({ group, used: 20 })))
  })

  it('go when their window is over', async () => {
    await store.add([row('over', 1), row('running', 1, now + 2), row('for ever', 1, null)])
    await store.purge(now + 1)
    const left = (await store.list('s', 9)).map(({ group }) => group)
    expect(left).toEqual(['for ever', 'running'])
  })
})
