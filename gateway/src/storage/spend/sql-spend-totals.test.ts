import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyDigests } from '../database/schema.ts'
import { spendLines } from '../ledger/for-test.ts'
import type { ActivityQuery, SpendRow } from '../ledger/spend-row.ts'
import { createSqlSpendLedger } from '../ledger/sql-spend-ledger.ts'
import type { SpenderKind, SpendTotals } from '../spend-totals.ts'
import { sampleSpendRow } from '../testing/sample-spend-row.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlSpendTotals } from './sql-spend-totals.ts'

const at = (text: string): number => Date.parse(`2026-03-18T${text}Z`)

const row = (startedAt: number, costNanoUsd: bigint | null, patch: Partial<SpendRow> = {}): SpendRow => ({
  ...sampleSpendRow(),
  ...{ keyHash: 'k', userId: 'u', teamId: 't', organizationId: 'o', endUser: 'c', tags: ['a', 'b', 'a'] },
  ...{ modelGroup: 'gpt', provider: 'openai', deploymentId: 'd', status: 200 },
  ...{ startedAt, endedAt: startedAt + 1, costNanoUsd },
  ...patch,
})

describe.each(await listTestDatabases())('sums of the ledger over $name', (kind) => {
  let opened: OpenTestDatabase
  let totals: SpendTotals

  beforeAll(async () => {
    opened = await kind.openMigrated()
    totals = createSqlSpendTotals(opened.database)
    const ledger = createSqlSpendLedger(opened.database)
    const lines = spendLines(
      row(at('10:10:00'), 100n),
      row(at('10:50:00'), 20n),
      row(at('11:00:00'), 3n, { teamId: null, tags: [] }),
      row(at('23:30:00'), null, { status: 500, keyHash: 'other' }),
    )
    await ledger.insert(lines)
    await opened.database.sql.insert(keyDigests).values({ account: 'first', digest: 'k' })
    // What is repeated after a crash counts once.
    await ledger.insert(lines)
    await ledger.insert({ ...spendLines(row(at('23:59:59') + 1_000, 4_000n)), segment: 'another' })
  })
  afterAll(() => opened?.dispose())

  it.each<[SpenderKind, string, number]>([
    ['proxy', '', 4_123],
    ['key', 'k', 4_123],
    ['key', 'first', 4_123],
    ['key', 'other', 0],
    ['user', 'u', 4_123],
    ['personal', 'u', 3],
    ['team', 't', 4_120],
    ['member', 't:u', 4_120],
    ['organization', 'o', 4_123],
    ['customer', 'c', 4_123],
    ['tag', 'a', 4_120],
    ['model', 'gpt', 4_123],
    ['key_model', 'k:gpt', 4_123],
    ['key_model', 'first:gpt', 4_123],
    ['provider', 'openai', 4_123],
    ['deployment', 'd', 4_123],
    ['key', 'nobody', 0],
  ])('%s %s spent %d', async (spender, id, spent) => {
    expect(await totals.spentSince(spender, id, null)).toBe(spent)
    expect(await totals.spentSince(spender, id, at('09:30:00'))).toBe(spent)
  })

  it.each<[SpenderKind, string, number]>([
    ['proxy', '', 4_023],
    ['key', 'k', 4_023],
    ['user', 'u', 4_023],
    ['personal', 'u', 3],
    ['team', 't', 4_020],
    ['member', 't:u', 4_020],
    ['organization', 'o', 4_023],
    ['customer', 'c', 4_023],
    ['tag', 'b', 4_020],
    ['model', 'gpt', 4_023],
    ['key_model', 'k:gpt', 4_023],
    ['provider', 'openai', 4_023],
    ['deployment', 'd', 4_023],
  ])('since a moment within an hour %s %s spent %d', async (spender, id, spent) => {
    expect(await totals.spentSince(spender, id, at('10:30:00'))).toBe(spent)
  })

  it('says who spent most, and what failed', async () => {
    const sums = await totals.sums({ kinds: ['key'], since: null, until: null })
    expect(sums).toMatchObject([
      { kind: 'key', id: 'k', spendNanoUsd: 4_123, requests: 4, failed: 0 },
      { kind: 'key', id: 'other', spendNanoUsd: 0, requests: 1, failed: 1 },
    ])
    const some = { kinds: ['key', 'team'], ids: ['t'], since: at('10:00:00'), until: at('11:00:00') } as const
    expect(await totals.sums(some)).toMatchObject([{ kind: 'team', id: 't', spendNanoUsd: 120, requests: 2 }])
  })

  it('adds up by day', async () => {
    const days = await totals.daily({ kinds: ['proxy'], since: null, until: null })
    expect(days).toMatchObject([
      { day: '2026-03-18', spendNanoUsd: 123, requests: 4, failed: 1 },
      { day: '2026-03-19', spendNanoUsd: 4_000, requests: 1 },
    ])
  })

  it('are told by day and by what the calls were, each tag of a call once', async () => {
    const ledger = createSqlSpendLedger(opened.database)
    const period = { since: at('00:00:00'), until: at('00:00:00') + 2 * 86_400_000, offsetMinutes: 0 }
    const read = async (query: Partial<ActivityQuery>, dimension: string) =>
      (await ledger.sumActivity({ entity: 'team', ...period, ...query }))
        .filter((sum) => sum.dimension === dimension)
        .map(({ day, id, spendNanoUsd, requests, failed }) => [day, id, spendNanoUsd, requests, failed])
    expect(await read({}, 'all')).toEqual([
      ['2026-03-19', null, 4_000, 1, 0],
      ['2026-03-18', null, 120, 3, 1],
    ])
    expect(await read({ entity: 'tag' }, 'entity')).toEqual([
      ['2026-03-19', 'a', 4_000, 1, 0],
      ['2026-03-19', 'b', 4_000, 1, 0],
      ['2026-03-18', 'a', 120, 3, 1],
      ['2026-03-18', 'b', 120, 3, 1],
    ])
    expect(await read({ entity: 'tag', ids: ['a'] }, 'all')).toEqual([
      ['2026-03-19', null, 4_000, 1, 0],
      ['2026-03-18', null, 120, 3, 1],
    ])
    expect(await read({ entity: 'user', keyHash: 'other' }, 'key')).toEqual([
      ['2026-03-18', 'other', 0, 1, 1],
    ])
    expect(await read({ entity: 'user', offsetMinutes: 11 * 60 }, 'all')).toEqual([
      ['2026-03-18', null, 4_003, 3, 1],
      ['2026-03-17', null, 120, 2, 0],
    ])
    expect(await read({ model: 'no-such' }, 'all')).toEqual([])
  })
})
