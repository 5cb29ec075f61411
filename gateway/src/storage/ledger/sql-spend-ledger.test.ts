import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isRefusedData } from '../database/database-error.ts'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { formatSpendLine, linesOf, spendLines } from './for-test.ts'
import type { SpendLedger } from './spend-row.ts'
import { createSqlSpendLedger } from './sql-spend-ledger.ts'

describe.each(await listTestDatabases())('spend ledger over $name', (kind) => {
  let opened: OpenTestDatabase
  let ledger: SpendLedger

  beforeAll(async () => {
    opened = await kind.openMigrated()
    ledger = createSqlSpendLedger(opened.database)
  })
  beforeEach(() => opened.database.pool.query('TRUNCATE spend_logs'))
  afterAll(() => opened?.dispose())

  it('returns a full row and an empty one as they were', async () => {
    const full = sampleSpendRow({
      attempt: 2,
      organizationId: 'organization-1',
      endUser: 'line\nfeed "quote" \\ 👍 \u2028',
      tags: ['', ',', ']'],
      requestedModel: 'requested',
      errorCode: 'timeout',
      estimated: true,
      retries: 3,
      fallbacks: 4,
      sessionId: 'session-1',
      clientIpHash: 'hash-1',
    })
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
      grossNanoUsd: null,
      discountNanoUsd: null,
      marginNanoUsd: null,
      strategy: null,
    })
    await ledger.insert(spendLines(full, empty))
    expect(await ledger.listSpend({ limit: 10 })).toEqual([full, empty])
  })

  it('stores an entry once however often it is inserted', async () => {
    const row = sampleSpendRow()
    await ledger.insert(spendLines(row))
    await ledger.insert(spendLines(row, row))
    expect(await ledger.listSpend({ limit: 10 })).toHaveLength(2)
  })

  it('names entries after segment and line', async () => {
    await ledger.insert({ ...spendLines(sampleSpendRow(), sampleSpendRow()), firstLine: 41 })
    const { rows } = await opened.database.pool.query('SELECT entry_id FROM spend_logs ORDER BY entry_id')
    expect(rows).toEqual([{ entry_id: 'segment:41' }, { entry_id: 'segment:42' }])
  })

  it('keeps both calls of a caller that reuses a request id', async () => {
    const row = sampleSpendRow({ requestId: 'chosen-by-caller' })
    await ledger.insert(spendLines(row, row))
    expect(await ledger.listSpend({ requestId: 'chosen-by-caller', limit: 10 })).toHaveLength(2)
  })

  it('stores text the database has no form for, without losing the row', async () => {
    const row = sampleSpendRow({ endUser: 'nul\0 and \ud800 alone \\u0000 "quoted" 👍', tags: ['\0'] })
    await ledger.insert(spendLines(row))
    const [stored] = await ledger.listSpend({ limit: 1 })
    expect(stored?.endUser).toBe('nul\uFFFD and \uFFFD alone \\u0000 "quoted" 👍')
    expect(stored?.tags).toEqual(['\uFFFD'])
  })

  it('cuts fractions of a millisecond off lines that have them', async () => {
    const members = JSON.parse(formatSpendLine(sampleSpendRow()))
    members.splice(5, 3, 1_795_000_000_123.9, 1_795_000_000_124.5, 1_795_000_000_125.999)
    await ledger.insert(linesOf(JSON.stringify(members)))
    expect(await ledger.listSpend({ limit: 1 })).toMatchObject([
      { startedAt: 1_795_000_000_123, firstTokenAt: 1_795_000_000_124, endedAt: 1_795_000_000_125 },
    ])
  })

  it('reads lines that were written before bills had parts', async () => {
    const members = (JSON.parse(formatSpendLine(sampleSpendRow())) as unknown[]).slice(0, 31)
    await ledger.insert(linesOf(JSON.stringify([1, ...members.slice(1)])))
    const [stored] = await ledger.listSpend({ limit: 1 })
    expect(stored).toMatchObject({ costNanoUsd: 123_456n, grossNanoUsd: null, discountNanoUsd: null })
    expect(stored?.usage).not.toHaveProperty('serviceTier')
  })

  const line = formatSpendLine(sampleSpendRow())
  it.each([
    ['torn', line.slice(0, -10)],
    ['empty', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['an object', '{}'],
    ['short', '[2,"request-1"]'],
    ['long', `${line.slice(0, -1)},null]`],
    ['of another version', line.replace(/^\[\d+,/, '[99,')],
    ['with NUL', line.replace('user-1', '\\u0000')],
    ['with a lone surrogate', line.replace('user-1', '\\ud800')],
    ['out of range', line.replace('"123456"', `"${2n ** 63n}"`)],
    ['without a time', line.replace('1795000000123', 'null')],
    ['at an impossible time', line.replace('1795000000123', '1e300')],
  ])('refuses all lines as data when one is %s', async (_name, bad) => {
    const refusal = await ledger.insert(linesOf(`${line}\n${bad}\n${line}`)).catch((error) => error)
    expect(isRefusedData(refusal)).toBe(true)
    expect(await ledger.listSpend({ limit: 10 })).toEqual([])
  })

  it('refuses bytes that are no UTF-8 as data', async () => {
    const broken = Buffer.from(line.replace('user-1', '\u00ff'), 'latin1')
    const refusal = await ledger.insert({ ...linesOf(line), text: broken }).catch((error) => error)
    expect(isRefusedData(refusal)).toBe(true)
  })

  it('keeps amounts exact beyond what a double can hold', async () => {
    await ledger.insert(spendLines(sampleSpendRow({ costNanoUsd: 9_007_199_254_740_993n })))
    expect((await ledger.listSpend({ limit: 1 }))[0]?.costNanoUsd).toBe(9_007_199_254_740_993n)
  })

  it('filters by request, key and time, newest first', async () => {
    const rows = [
      sampleSpendRow({ requestId: 'a', startedAt: 1_000, keyHash: 'k1' }),
      sampleSpendRow({ requestId: 'b', startedAt: 2_000, keyHash: 'k2' }),
      sampleSpendRow({ requestId: 'c', startedAt: 3_000, keyHash: 'k1' }),
    ]
    await ledger.insert(spendLines(...rows))
    const listed = async (query: object) =>
      (await ledger.listSpend({ limit: 10, ...query })).map((row) => row.requestId)
    expect(await listed({})).toEqual(['c', 'b', 'a'])
    expect(await listed({ limit: 1 })).toEqual(['c'])
    expect(await listed({ requestId: 'b' })).toEqual(['b'])
    expect(await listed({ keyHash: 'k1' })).toEqual(['c', 'a'])
    expect(await listed({ since: 2_000 })).toEqual(['c', 'b'])
  })

  it('takes a thousand rows in one statement', async () => {
    await ledger.insert(spendLines(...Array.from({ length: 1_000 }, () => sampleSpendRow())))
    expect(await ledger.listSpend({ limit: 2_000 })).toHaveLength(1_000)
  })
})
