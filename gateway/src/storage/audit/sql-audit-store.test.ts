import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../audit/audit-record.ts'
import { type Checkpoint, CheckpointSigner } from '../../audit/checkpoint.ts'
import { verifyChains } from '../../audit/verify-chains.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlAuditStore } from './sql-audit-store.ts'

const start = Date.UTC(2026, 4, 31, 12)
const signer = new CheckpointSigner('secret of the test')

const record = (id: string, other: Partial<AuditRecord> = {}): AuditRecord => ({
  ...{ id, timestamp: start, requestId: `request-${id}`, actorType: 'api_key', actorId: '0123456789abcdef' },
  ...{ action: 'management.team.create', resourceType: 'team', resourceId: `team-${id}` },
  ...{
    outcome: 'success',
    outcomeReason: null,
    metadata: { b: 1.5, a: 'text "quoted" €', c: null, d: true },
  },
  ...other,
})

describe.each(await listTestDatabases())('the audit log over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let time = start
  const published: Checkpoint[] = []
  const storeOf = (chain: string) =>
    createSqlAuditStore(opened.database, {
      ...{ chain, signer, now: () => time },
      onCheckpoint: (checkpoint) => published.push(checkpoint),
    })
  const run = (text: string, values: unknown[] = []) => opened.database.pool.query(text, values)
  const kinds = async (outside: readonly Checkpoint[] = []) => {
    const { findings } = await verifyChains(storeOf('a'), signer, outside)
    return findings.map(({ kind, chain, seq }) => `${kind} ${chain} ${seq}`)
  }

  beforeAll(async () => {
    opened = await openMigrated()
  })
  afterAll(() => opened?.dispose())
  beforeEach(async () => {
    time = start
    published.length = 0
    await run('TRUNCATE audit_logs, audit_personal, audit_chains, audit_checkpoints')
  })

  it('gives back what was written, newest first, by every filter, a page at a time', async () => {
    const store = storeOf('a')
    const rows = [
      record('1'),
      record('2', { timestamp: start + 1, action: 'mcp.tool.call', resourceType: 'mcp_tool' }),
      record('3', { timestamp: start + 2, outcome: 'denied', outcomeReason: 'permission_denied' }),
      record('4', { timestamp: start + 2, actorType: 'unknown', actorId: null, requestId: null }),
    ]
    await store.append(rows)
    const idsOf = async (query: object) => (await store.list({ limit: 10, ...query })).map(({ id }) => id)
    expect(await store.list({ limit: 10 })).toEqual(
      rows.toReversed().map((row) => expect.objectContaining(row)),
    )
    expect(await idsOf({ action: 'mcp.tool.call' })).toEqual(['2'])
    expect(await idsOf({ action: 'management.*' })).toEqual(['4', '3', '1'])
    expect(await idsOf({ actor: '0123456789abcdef0123' })).toEqual(['3', '2', '1'])
    expect(await idsOf({ resourceType: 'mcp_tool' })).toEqual(['2'])
    expect(await idsOf({ resourceId: 'team-3' })).toEqual(['3'])
    expect(await idsOf({ outcome: 'denied' })).toEqual(['3'])
    expect(await idsOf({ requestId: 'request-1' })).toEqual(['1'])
    expect(await idsOf({ since: start + 1, until: start + 2 })).toEqual(['2'])
    expect(await idsOf({ limit: 2 })).toEqual(['4', '3'])
    expect(await idsOf({ limit: 2, after: { timestamp: start + 2, id: '3' } })).toEqual(['2', '1'])
  })

  it('is one chain for each node, without gaps however many write to it, and none of it twice', async () => {
    const stores = [storeOf('a'), storeOf('a'), storeOf('b')]
    const batches = Array.from({ length: 12 }, (_, index) => [record(`${index}-x`), record(`${index}-y`)])
    await Promise.all(batches.map((batch, index) => stores[index % 3]?.append(batch)))
    await stores[0]?.append(batches[0] ?? [])
    const report = await verifyChains(storeOf('a'), signer)
    expect(report).toMatchObject({ isIntact: true, chains: 2, rows: 24, findings: [] })
    const chains = await storeOf('a').chains()
    expect(chains.map(({ chain, seq }) => [chain, seq])).toEqual([
      ['a', 16],
      ['b', 8],
    ])
  })

  describe('after somebody was at it', () => {
    beforeEach(async () => {
      const store = storeOf('a')
      await store.append(['1', '2', '3', '4', '5'].map((id) => record(id)))
      await store.checkpoint()
    })

    it('was not touched', async () => {
      expect(await kinds()).toEqual([])
    })

    it.each([
      ["outcome = 'denied'"],
      ["action = 'x'"],
      ["resource_id = 'team-9'"],
      ["timestamp = timestamp + interval '1 second'"],
      [`metadata = metadata || '{"a": "other"}'`],
      ['actor_id = NULL'],
      ["request_id = 'other'"],
      ["outcome_reason = 'why not'"],
    ])('finds the row of which %s was set', async (change) => {
      await run(`UPDATE audit_logs SET ${change} WHERE seq = 3`)
      expect(await kinds()).toEqual(['row_changed a 3'])
    })

    it('finds rows that were taken away, in the middle, at the beginning and at the end', async () => {
      await run('DELETE FROM audit_logs WHERE seq = 3')
      expect(await kinds()).toEqual(['row_missing a 3'])
      await run('DELETE FROM audit_logs WHERE seq = 1')
      expect(await kinds()).toEqual(['row_missing a 1', 'row_missing a 3'])
      await run('DELETE FROM audit_logs WHERE seq = 5')
      expect(await kinds()).toEqual(['row_missing a 1', 'row_missing a 3', 'rows_truncated a 5'])
    })

    it('finds rows that changed places', async () => {
      await run('UPDATE audit_logs SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)')
      await run('UPDATE audit_logs SET seq = -seq WHERE seq < 0')
      expect(await kinds()).toContain('row_out_of_order a 2')
      expect(await kinds()).toContain('row_changed a 2')
    })

    it('finds a chain that was written anew from the changed row on', async () => {
      const rows = (await storeOf('a').readChain('a', 0, 10)).rows
      await run('TRUNCATE audit_logs, audit_personal, audit_chains')
      await storeOf('a').append(rows.map(({ id }) => record(id, id === '2' ? { outcome: 'denied' } : {})))
      expect(await kinds()).toEqual(['checkpoint_broken a 5'])
      await run('DELETE FROM audit_checkpoints')
      expect(await kinds()).toEqual([])
      expect(await kinds(published)).toEqual(['checkpoint_broken a 5'])
    })

    it('finds an end that was cut with everything that told of it, by what was published', async () => {
      await run('DELETE FROM audit_logs WHERE seq > 3')
      await run('DELETE FROM audit_checkpoints')
      await run('UPDATE audit_chains SET seq = 3, hash = (SELECT hash FROM audit_logs WHERE seq = 3)')
      expect(await kinds()).toEqual([])
      expect(await kinds(published)).toEqual(['rows_truncated a 4'])
      await run('TRUNCATE audit_logs, audit_personal, audit_chains')
      expect(await kinds(published)).toEqual(['rows_truncated a 1'])
    })

    it('finds a checkpoint that was made up, and believes none of another key', async () => {
      await run("UPDATE audit_checkpoints SET hash = repeat('0', 64)")
      expect(await kinds()).toEqual(['checkpoint_forged a 5'])
      const other = await verifyChains(storeOf('a'), new CheckpointSigner('another secret'))
      expect(other).toMatchObject({ isIntact: true, checkpoints: 1, unverifiedCheckpoints: 1 })
    })

    it('finds a mark of retention that was made up', async () => {
      await run('DELETE FROM audit_logs WHERE seq <= 2')
      await run(
        `INSERT INTO audit_checkpoints SELECT chain, 2, 'retention', $1, at, key_id, signature FROM audit_checkpoints`,
        ['0'.repeat(64)],
      )
      expect(await kinds()).toEqual(['checkpoint_forged a 2', 'row_missing a 1'])
    })
  })

  it('states where it ends once, and again after a thousand rows', async () => {
    const store = storeOf('a')
    await store.checkpoint()
    expect(published).toEqual([])
    await store.append([record('first')])
    await store.checkpoint()
    await store.checkpoint()
    expect(published.map(({ seq }) => seq)).toEqual([1])
    await store.append(Array.from({ length: 1_100 }, (_, index) => record(`many-${index}`)))
    expect(published.map(({ seq }) => seq)).toEqual([1, 1_101])
    expect(await verifyChains(store, signer)).toMatchObject({ isIntact: true, rows: 1_101, checkpoints: 2 })
  })

  it('forgets rows by age up to a checkpoint, says so, and goes on', async () => {
    const store = storeOf('a')
    await store.append([record('1'), record('2')])
    await store.checkpoint()
    await store.append([record('3'), record('4', { timestamp: start + 1_000 })])
    await store.purge(start + 500)
    expect((await store.list({ limit: 9 })).map(({ id }) => id)).toEqual(['4', '3'])
    await store.append([record('5', { timestamp: start + 2_000 })])
    expect(await kinds()).toEqual([])
    await run('DELETE FROM audit_logs WHERE seq = 3')
    expect(await kinds()).toEqual(['row_missing a 3'])
  })

  it('keeps what it says of persons beside the chain, so that it can be erased', async () => {
    const store = storeOf('a')
    const user = { resourceType: 'user', resourceId: 'ada@example.com' }
    const by = { metadata: { user_id: 'ada@example.com', count: 2 } }
    await store.append([record('1', user), record('2', by), record('3', { metadata: { user_id: 'bob' } })])
    expect(await store.list({ limit: 1, resourceId: 'ada@example.com' })).toMatchObject([user])
    expect(await store.list({ limit: 9, actor: 'ada@example.com' })).toMatchObject([by])
    const { rows } = await run('SELECT resource_id, metadata FROM audit_logs ORDER BY seq')
    expect(JSON.stringify(rows)).not.toContain('ada@')
    await run("UPDATE audit_personal SET value = 'eve' WHERE audit_id = '3'")
    expect(await kinds()).toEqual(['personal_value_changed a 3'])
    await run("UPDATE audit_personal SET value = 'bob' WHERE audit_id = '3'")

    expect(await store.erasePerson('ada@example.com')).toBe(2)
    expect(await kinds()).toEqual([])
    expect(
      (await store.list({ limit: 9 })).map(({ resourceId, metadata }) => [resourceId, metadata]),
    ).toEqual([
      ['team-3', { user_id: 'bob' }],
      ['team-2', { user_id: '[erased]', count: 2 }],
      ['[erased]', expect.anything()],
    ])
  })
})
