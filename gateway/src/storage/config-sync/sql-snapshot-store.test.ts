import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SnapshotStore } from '../../config-sync/snapshot-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlSnapshotStore } from './sql-snapshot-store.ts'

describe.each(await listTestDatabases())('shared configurations over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: SnapshotStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlSnapshotStore(opened.database, Date.now)
  })
  afterAll(() => opened?.dispose())

  const publish = (source: string, content: string, token: number | null): Promise<number | null> =>
    store.publish({ source, content, token, etag: `"${content}"` })

  it('are kept by place, the last one of each', async () => {
    expect([await store.version('a'), await store.read('a')]).toEqual([0, null])
    expect(await publish('a', 'first', 10)).toBe(1)
    expect(await publish('a', 'second', 10)).toBe(2)
    expect(await publish('b', 'other', null)).toBe(1)
    expect([await store.version('a'), await store.version('b')]).toEqual([2, 1])
    expect(await store.read('a')).toEqual({ version: 2, etag: '"second"', content: 'second' })
    expect(await store.publish({ source: 'b', content: 'x', token: null, etag: null })).toBe(2)
    expect(await store.read('b')).toMatchObject({ etag: null })
  })

  it('are not replaced by a leader that was followed by another', async () => {
    expect(await publish('fenced', 'of the old leader', 10)).toBe(1)
    expect(await publish('fenced', 'of the new leader', 11)).toBe(2)
    expect(await publish('fenced', 'late', 10)).toBeNull()
    expect(await store.read('fenced')).toMatchObject({ version: 2, content: 'of the new leader' })
    // An operator said so.
    expect(await publish('fenced', 'told', null)).toBe(3)
    expect(await publish('fenced', 'late again', 10)).toBeNull()
    expect(await publish('fenced', 'next', 11)).toBe(4)
  })
})
