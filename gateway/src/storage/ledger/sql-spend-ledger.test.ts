import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { migrateDatabase } from '../database/migrate.ts'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import type { SpendLedger } from './spend-row.ts'
import { createSqlSpendLedger } from './sql-spend-ledger.ts'

describe.each(await listTestDatabases())('spend ledger over $name', (kind) => {
  let opened: OpenTestDatabase
  let ledger: SpendLedger

  beforeAll(async () => {
    opened = await kind.open()
    await migrateDatabase(opened.database)
    ledger = createSqlSpendLedger(opened.database)
  })
  beforeEach(() => opened.database.pool.query('TRUNCATE spend_logs'))
  afterAll(() => opened?.dispose())

  it('returns a full row and an empty one as they were', async () => {
    const full = sampleSpendRow()
    const empty = sampleSpendRow({
      requestId: 'request-2',
      startedAt: full.startedAt - 1,
      firstTokenAt: null,
      keyHash: null,
      userId: null,
      teamId: null,
      tags: [],
      modelGroup: null,
      deploymentId: null,
      provider: null,
      upstreamModel: null,
      apiBase: null,
      status: 503,
      errorCode: 'over_capacity',
      usage: null,
      costNanoUsd: null,
      strategy: null,
    })
    await ledger.insert([
      { entryId: 'segment:0', row: full },
      { entryId: 'segment:1', row: empty },
    ])
    expect(await ledger.listSpend({ limit: 10 })).toEqual([full, empty])
  })

  it('stores an entry once however often it is inserted', async () => {
    const entry = { entryId: 'segment:0', row: sampleSpendRow() }
    await ledger.insert([entry, entry])
    await ledger.insert([entry, { entryId: 'segment:1', row: sampleSpendRow() }])
    expect(await ledger.listSpend({ limit: 10 })).toHaveLength(2)
  })

  it('keeps both calls of a caller that reuses a request id', async () => {
    const row = sampleSpendRow({ requestId: 'chosen-by-caller' })
    await ledger.insert([{ entryId: 'segment:0', row }])
    await ledger.insert([{ entryId: 'segment:1', row }])
    expect(await ledger.listSpend({ requestId: 'chosen-by-caller', limit: 10 })).toHaveLength(2)
  })

  it('stores text the database has no form for, without losing the row', async () => {
    const row = sampleSpendRow({ endUser: 'nul\0 and \ud800 alone \\u0000 "quoted" 👍', tags: ['\0'] })
    await ledger.insert([{ entryId: 'segment:0', row }])
    const [stored] = await ledger.listSpend({ limit: 1 })
    expect(stored?.endUser).toBe('nul\uFFFD and \uFFFD alone \\u0000 "quoted" 👍')
    expect(stored?.tags).toEqual(['\uFFFD'])
  })

  it('keeps amounts exact beyond what a double can hold', async () => {
    await ledger.insert([
      { entryId: 'segment:0', row: sampleSpendRow({ costNanoUsd: 9_007_199_254_740_993n }) },
    ])
    expect((await ledger.listSpend({ limit: 1 }))[0]?.costNanoUsd).toBe(9_007_199_254_740_993n)
  })

  it('filters by request, key and time, newest first', async () => {
    const rows = [
      sampleSpendRow({ requestId: 'a', startedAt: 1_000, keyHash: 'k1' }),
      sampleSpendRow({ requestId: 'b', startedAt: 2_000, keyHash: 'k2' }),
      sampleSpendRow({ requestId: 'c', startedAt: 3_000, keyHash: 'k1' }),
    ]
    await ledger.insert(rows.map((row, index) => ({ entryId: `segment:${index}`, row })))
    const listed = async (query: object) =>
      (await ledger.listSpend({ limit: 10, ...query })).map((row) => row.requestId)
    expect(await listed({})).toEqual(['c', 'b', 'a'])
    expect(await listed({ limit: 1 })).toEqual(['c'])
    expect(await listed({ requestId: 'b' })).toEqual(['b'])
    expect(await listed({ keyHash: 'k1' })).toEqual(['c', 'a'])
    expect(await listed({ since: 2_000 })).toEqual(['c', 'b'])
  })

  it('takes a thousand rows in one statement and none in none', async () => {
    await ledger.insert([])
    const row = sampleSpendRow()
    await ledger.insert(Array.from({ length: 1_000 }, (_, index) => ({ entryId: `segment:${index}`, row })))
    expect(await ledger.listSpend({ limit: 2_000 })).toHaveLength(1_000)
  })
})
