import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ResponseStore, StoredResponse } from '../response-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlResponseStore } from './sql-response-store.ts'

const start = 1_750_000_000_000

describe.each(await listTestDatabases())('the response store over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: ResponseStore
  let now = start

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlResponseStore(opened.database, () => now)
  })
  beforeEach(async () => {
    now = start
    await opened.database.pool.query('DELETE FROM stored_responses')
  })
  afterAll(() => opened?.dispose())

  const response = (id: string, members: Partial<StoredResponse> = {}): StoredResponse => ({
    id,
    owner: 'user:ada',
    previousId: null,
    model: 'gpt',
    content: `{"text":"Grüße 👋 ${id}"}`,
    createdAt: start,
    expiresAt: start + 1000,
    ...members,
  })

  it('gives back what was saved, to its owner alone', async () => {
    await store.save(response('resp_1'))
    expect(await store.find('resp_1', 'user:ada')).toEqual(response('resp_1'))
    expect(await store.find('resp_1', 'user:eve')).toBeNull()
    expect(await store.find('resp_2', 'user:ada')).toBeNull()
  })

  it('refuses an id that is taken', async () => {
    await store.save(response('resp_1'))
    await expect(store.save(response('resp_1', { owner: 'user:eve' }))).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await store.find('resp_1', 'user:ada')).not.toBeNull()
  })

  it('puts a conversation together, the oldest first', async () => {
    await store.save(response('resp_c', { previousId: 'resp_b' }))
    await store.save(response('resp_a'))
    await store.save(response('resp_b', { previousId: 'resp_a' }))
    await store.save(response('resp_x', { previousId: 'resp_a' }))
    const ids = (await store.findChain('resp_c', 'user:ada')).map(({ id }) => id)
    expect(ids).toEqual(['resp_a', 'resp_b', 'resp_c'])
    expect(await store.findChain('resp_c', 'user:eve')).toEqual([])
    expect(await store.findChain('resp_z', 'user:ada')).toEqual([])
  })

  it('ends a conversation where a response is missing or belongs to another owner', async () => {
    await store.save(response('resp_a', { owner: 'user:eve' }))
    await store.save(response('resp_b', { previousId: 'resp_a' }))
    expect((await store.findChain('resp_b', 'user:ada')).map(({ id }) => id)).toEqual(['resp_b'])
  })

  it('finishes with a conversation that runs in a circle', async () => {
    await store.save(response('resp_a', { previousId: 'resp_b' }))
    await store.save(response('resp_b', { previousId: 'resp_a' }))
    expect(await store.findChain('resp_b', 'user:ada')).toHaveLength(2)
  })

  it('deletes for the owner alone', async () => {
    await store.save(response('resp_1'))
    expect(await store.delete('resp_1', 'user:eve')).toBe(false)
    expect(await store.delete('resp_1', 'user:ada')).toBe(true)
    expect(await store.delete('resp_1', 'user:ada')).toBe(false)
    expect(await store.find('resp_1', 'user:ada')).toBeNull()
  })

  it('does not find what has expired, and purges it in batches', async () => {
    for (const id of ['resp_1', 'resp_2', 'resp_3']) await store.save(response(id))
    await store.save(response('resp_4', { expiresAt: start + 5000, previousId: 'resp_1' }))
    now = start + 1000
    expect(await store.find('resp_1', 'user:ada')).toBeNull()
    expect(await store.delete('resp_1', 'user:ada')).toBe(false)
    expect((await store.findChain('resp_4', 'user:ada')).map(({ id }) => id)).toEqual(['resp_4'])
    expect(await store.purge(2)).toBe(2)
    expect(await store.purge(2)).toBe(1)
    expect(await store.purge(2)).toBe(0)
    expect(await store.find('resp_4', 'user:ada')).not.toBeNull()
  })
})
