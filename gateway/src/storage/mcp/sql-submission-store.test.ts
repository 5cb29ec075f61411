import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpSubmissionStore, NewSubmission } from '../../mcp/registry/submission-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlSubmissionStore } from './sql-submission-store.ts'

let time = Date.UTC(2026, 4, 31, 12)

const submission = (serverId: string, submittedBy: string | null): NewSubmission => ({
  ...{ serverId, submittedBy, settings: { name: serverId }, secrets: null },
})

describe.each(await listTestDatabases())('proposed tool servers over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: McpSubmissionStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlSubmissionStore(opened.database, () => time)
  })
  afterAll(() => opened?.dispose())

  it('are replaced by their submitter alone, and are no more than so many', async () => {
    expect(await store.put(submission('one', 'ada'), 2)).toBe(true)
    time += 1_000
    expect(await store.put(submission('two', 'ada'), 2)).toBe(true)
    expect(await store.put(submission('three', 'ada'), 2)).toBe(false)
    expect(await store.put(submission('one', 'bob'), 2)).toBe(false)
    expect(await store.put({ ...submission('one', 'ada'), secrets: 'sealed' }, 2)).toBe(true)
    expect(await store.put(submission('master', null), 1)).toBe(true)
    expect(await store.put(submission('other', null), 1)).toBe(false)
    expect((await store.list()).map(({ serverId }) => serverId).sort()).toEqual(['master', 'one', 'two'])
    expect(await store.find('one')).toMatchObject({
      secrets: 'sealed',
      submittedBy: 'ada',
      submittedAt: time,
    })
  })

  it('are rejected, proposed anew and removed', async () => {
    expect(await store.reject('two', 'admin', 'no')).toBe(true)
    expect(await store.find('two')).toMatchObject({
      ...{ status: 'rejected', reviewedAt: time, reviewedBy: 'admin', reviewNotes: 'no' },
    })
    await store.put(submission('two', 'ada'), 5)
    expect(await store.find('two')).toMatchObject({
      status: 'pending_review',
      reviewedAt: null,
      reviewNotes: null,
    })
    expect([await store.remove('two'), await store.remove('two')]).toEqual([true, false])
    expect(await store.reject('two', null, null)).toBe(false)
    expect(await store.find('two')).toBeNull()
  })
})
