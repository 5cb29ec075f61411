import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { A2aStore, TaskQuery, TaskRow } from '../../a2a/a2a-store.ts'
import type { RemoteAgent } from '../../a2a/agents/remote-agent.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlA2aStore } from './sql-a2a-store.ts'

const now = Date.UTC(2026, 10, 29)
const agent: RemoteAgent = {
  agentId: 'id-1',
  name: 'helper',
  url: 'https://agent.example.org/',
  description: 'Helps',
  capabilities: ['chat'],
  cardParams: { version: '2' },
  params: { api_key: 'sealed' },
  staticHeaders: {},
  extraHeaders: ['x-tenant'],
  accessGroups: [],
  requestsPerMinute: 5,
  others: { kept: true },
  isPublic: false,
  isEnabled: true,
  teamId: null,
  origin: 'registered',
  createdBy: 'admin',
  updatedBy: 'admin',
  createdAt: now,
  updatedAt: now,
}
const task = (taskId: string, change: Partial<TaskRow> = {}): TaskRow => ({
  ...{ agentId: 'id-1', taskId, owner: 'user:a', teamId: 't', contextId: 'c', state: 'TASK_STATE_WORKING' },
  ...{ createdAt: now, updatedAt: now, ...change },
})
const query = (change: Partial<TaskQuery> = {}): TaskQuery => ({
  ...{ agentId: 'id-1', owner: 'user:a', teamId: null, contextId: null, state: null, updatedAfter: null },
  ...{ before: null, limit: 10, ...change },
})

describe.each(await listTestDatabases())('the store of agents over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: A2aStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlA2aStore(opened.database, () => now)
  })
  beforeEach(() =>
    opened.database.pool.query(
      'TRUNCATE a2a_agents, a2a_tasks, a2a_contexts, a2a_push_configs, a2a_activity',
    ),
  )
  afterAll(() => opened?.dispose())

  it('keeps agents, and tells by a version that one has changed', async () => {
    const versions = [await store.agentsVersion()]
    await store.saveAgent(agent)
    expect(await store.listAgents()).toEqual([agent])
    expect([await store.findAgent('id-1'), await store.findAgent('id-2')]).toEqual([agent, null])
    versions.push(await store.agentsVersion())
    await store.saveAgent({ ...agent, description: 'Helps more' })
    versions.push(await store.agentsVersion())
    await expect(store.saveAgent({ ...agent, agentId: 'id-2' })).rejects.toMatchObject({ code: 'conflict' })
    await store.saveTasks([task('1')])
    expect([await store.removeAgent('id-1'), await store.removeAgent('id-1')]).toEqual([true, false])
    expect(await store.findTask('id-1', '1')).toBeNull()
    versions.push(await store.agentsVersion())
    expect(new Set(versions).size).toBe(3)
  })

  it('keeps the first owner and the end of a task', async () => {
    await store.saveTasks([task('1'), task('2', { state: null, contextId: null })])
    const foreign = task('2', { owner: 'user:b', state: 'TASK_STATE_FAILED' })
    const ended = task('1', { state: 'TASK_STATE_COMPLETED', updatedAt: now + 5 })
    expect(await store.saveTasks([ended, foreign])).toEqual([foreign])
    await store.saveTasks([task('1', { updatedAt: now + 9 })])
    expect(await store.findTask('id-1', '1')).toEqual(
      task('1', { state: 'TASK_STATE_COMPLETED', updatedAt: now + 9 }),
    )
    expect(await store.findTask('id-1', '2')).toMatchObject({ owner: 'user:a', state: null })
  })

  it('lists by owner or team, newest first, in pages', async () => {
    await store.saveTasks(
      [1, 2, 3].map((number) =>
        task(String(number), { updatedAt: now + number, contextId: `c${number % 2}` }),
      ),
    )
    await store.saveTasks([task('other', { owner: 'user:b', teamId: 't' })])
    const ids = async (change: Partial<TaskQuery>) => {
      const { tasks, total } = await store.listTasks(query(change))
      return [total, ...tasks.map(({ taskId }) => taskId)]
    }
    expect(await ids({})).toEqual([3, '3', '2', '1'])
    expect(await ids({ teamId: 't' })).toEqual([4, '3', '2', '1', 'other'])
    expect(await ids({ contextId: 'c1' })).toEqual([2, '3', '1'])
    expect(await ids({ state: 'TASK_STATE_FAILED' })).toEqual([0])
    expect(await ids({ updatedAfter: now + 2 })).toEqual([2, '3', '2'])
    expect(await ids({ limit: 1, before: { updatedAt: now + 3, taskId: '3' } })).toEqual([3, '2'])
  })

  it('gives a conversation to whoever comes first', async () => {
    const first = { owner: 'user:a', teamId: null }
    expect(await store.claimContext('id-1', 'c', first)).toEqual(first)
    expect(await store.claimContext('id-1', 'c', { owner: 'user:b', teamId: 't' })).toEqual(first)
    const row = { agentId: 'id-1', owner: 'user:b', teamId: 't' }
    const contexts = ['c', 'd', 'd'].map((contextId) => ({ ...row, contextId }))
    const owned = await store.saveContexts(contexts)
    expect(owned.toSorted((left, right) => (left.contextId < right.contextId ? -1 : 1))).toEqual([
      { agentId: 'id-1', contextId: 'c', ...first },
      { ...row, contextId: 'd' },
    ])
    expect(await store.claimContext('id-1', 'd', first)).toEqual({ owner: 'user:b', teamId: 't' })
  })

  it('forgets what is old, and beyond the limit what has ended first', async () => {
    await store.saveTasks([
      task('old', { updatedAt: now - 10 }),
      task('ended', { state: 'TASK_STATE_COMPLETED', updatedAt: now + 9 }),
      task('running', { updatedAt: now + 1 }),
      task('newer', { updatedAt: now + 2 }),
    ])
    await store.purge(now, 2)
    const { tasks } = await store.listTasks(query())
    expect(tasks.map(({ taskId }) => taskId)).toEqual(['newer', 'running'])
  })

  it('keeps no push target for longer than the key it was set with', async () => {
    await opened.database.pool.query(`
      INSERT INTO virtual_keys (token_hash, key_name, models, aliases, allowed_routes, tags, metadata, blocked,
        created_at, updated_at, settings)
      VALUES ('key-1', 'sk-...', '{}', '{}', '{}', '{}', '{}', false, now(), now(), '{}')`)
    const row = { agentId: 'id-1', taskId: '1', configId: 'c', tokenHash: 'h', config: 'sealed' }
    await store.savePush({ ...row, keyHash: 'key-1' })
    await store.savePush({ ...row, keyHash: null, configId: 'd', tokenHash: 'i' })
    await opened.database.pool.query(`UPDATE virtual_keys SET token_hash = 'key-2'`)
    expect((await store.findPushByToken('h'))?.keyHash).toBe('key-2')
    await opened.database.pool.query('DELETE FROM virtual_keys')
    expect((await store.listPush('id-1', '1')).map(({ configId }) => configId)).toEqual(['d'])
  })

  it('keeps ten push targets of a task, found by their token', async () => {
    const row = (number: number) => ({
      ...{ agentId: 'id-1', taskId: '1', configId: `c${number}`, keyHash: null, tokenHash: `h${number}` },
      config: 'sealed',
    })
    for (let number = 0; number < 10; number += 1) await store.savePush(row(number))
    await store.savePush({ ...row(3), tokenHash: 'again' })
    await expect(store.savePush(row(10))).rejects.toMatchObject({ code: 'conflict' })
    expect(await store.findPushByToken('again')).toEqual({ ...row(3), tokenHash: 'again' })
    expect(await store.findPushByToken('h3')).toBeNull()
    await store.removePush('id-1', '1', 'c3')
    expect(await store.listPush('id-1', '1')).toHaveLength(9)
    await store.removeTask('id-1', '1')
    expect(await store.listPush('id-1', '1')).toEqual([])
  })

  it('adds up the days of agents', async () => {
    const day = {
      agentId: 'id-1',
      day: '2026-11-29',
      calls: 2,
      successes: 1,
      costNanoUsd: 500_000_000,
      latencyMs: 10.5,
    }
    await store.addActivity([day, { ...day, day: '2026-11-30' }])
    await store.addActivity([day])
    expect(await store.spendOf([day.agentId, 'nobody'])).toEqual(new Map([[day.agentId, 1.5]]))
    const { rows } = await opened.database.pool.query(
      "SELECT calls::int, successes::int, latency_ms FROM a2a_activity WHERE day = '2026-11-29'",
    )
    expect(rows).toEqual([{ calls: 4, successes: 2, latency_ms: 21 }])
  })
})
