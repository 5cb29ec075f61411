import { afterEach, expect, it } from 'vitest'
import { anonymousCaller, type Caller } from '../../identity/caller.ts'
import type { A2aStore, ContextRow, TaskRow } from '../a2a-store.ts'
import { TaskLedger } from './task-ledger.ts'

const callerOf = (userId: string): Caller => ({ ...anonymousCaller, kind: 'key', isAdmin: false, userId })
const [alice, bob] = [callerOf('alice'), callerOf('bob')]
const ledgers: TaskLedger[] = []

/** A database with what another gateway has written. */
function openStore(tasks: readonly TaskRow[], contexts: readonly ContextRow[]) {
  const written: ContextRow[][] = []
  const store: Partial<A2aStore> = {
    findTask: async (_agentId, taskId) => tasks.find((task) => task.taskId === taskId) ?? null,
    saveTasks: async (rows) =>
      rows.filter(({ taskId, owner }) =>
        tasks.some((task) => task.taskId === taskId && task.owner !== owner),
      ),
    saveContexts: async (rows) => {
      written.push([...rows])
      return rows.map((row) => contexts.find(({ contextId }) => contextId === row.contextId) ?? row)
    },
    claimContext: async (_agentId, contextId, principal) =>
      contexts.find((context) => context.contextId === contextId) ?? principal,
  }
  return { store: store as A2aStore, written }
}

function open(tasks: readonly TaskRow[] = [], contexts: readonly ContextRow[] = []) {
  const { store, written } = openStore(tasks, contexts)
  const foreign: string[] = []
  const errors: unknown[] = []
  const ledger = new TaskLedger({
    store,
    settings: () => ({ taskScope: 'principal', taskTtlMs: 60_000, maxTasks: 100 }),
    onError: (error) => errors.push(error),
    onForeign: ({ taskId }) => foreign.push(taskId),
    now: () => 0,
  })
  ledgers.push(ledger)
  return { ledger, foreign, written, errors }
}
afterEach(() => Promise.all(ledgers.splice(0).map((ledger) => ledger.close())))

const news = (taskId: string, contextId: string | null = null) => ({
  ...{ taskId, contextId, state: null, isLook: false },
})
const theirs: TaskRow = {
  ...{ agentId: 'a', taskId: 't', owner: 'user:alice', teamId: null, contextId: 'c', state: null },
  ...{ createdAt: 0, updatedAt: 0 },
}

it('does not keep a task for whoever an agent tells of it, when another gateway knows its owner', async () => {
  const { ledger, foreign } = open([theirs])
  ledger.note('a', news('t'), bob)
  await ledger.written()
  expect(foreign).toEqual(['t'])
  await expect(ledger.require('a', 't', bob)).rejects.toMatchObject({ reason: 'TASK_NOT_FOUND' })
  expect(await ledger.require('a', 't', alice)).toMatchObject({ owner: 'user:alice' })
})

it('refuses an answer that tells of the task of another caller, and says so', () => {
  const { ledger, foreign } = open()
  ledger.note('a', news('t'), alice)
  expect(() => ledger.note('a', news('t'), bob)).toThrow('not known here')
  expect(foreign).toEqual(['t'])
})

it('writes conversations together, and believes what the database says of them', async () => {
  const known: ContextRow = { agentId: 'a', contextId: 'c', owner: 'user:alice', teamId: null }
  const { ledger, written } = open([], [known])
  ledger.note('a', news('1', 'c'), bob)
  ledger.note('a', news('2', 'd'), bob)
  ledger.note('a', news('3', 'd'), bob)
  await ledger.written()
  expect(written.map((rows) => rows.map(({ contextId }) => contextId))).toEqual([['c', 'd']])
  await expect(ledger.claimContext('a', 'c', bob)).rejects.toMatchObject({ reason: 'INVALID_PARAMS' })
  await ledger.claimContext('a', 'd', bob)
})

it('hears of tasks that were begun, and keeps ended ones ended', async () => {
  const { ledger } = open([theirs])
  await ledger.hear('a', 't', 'TASK_STATE_COMPLETED')
  await ledger.hear('a', 'unknown', 'TASK_STATE_COMPLETED')
  ledger.note('a', { ...news('t'), state: 'TASK_STATE_WORKING' }, alice)
  expect(await ledger.require('a', 't', alice)).toMatchObject({ state: 'TASK_STATE_COMPLETED' })
  await expect(ledger.require('a', 'unknown', alice)).rejects.toMatchObject({ reason: 'TASK_NOT_FOUND' })
})

it('writes nothing of an agent that was removed', async () => {
  const { ledger, written } = open()
  ledger.note('a', news('1', 'c'), bob)
  ledger.forgetAgent('a')
  await ledger.written()
  expect(written).toEqual([])
})

it('goes on when the database is away', async () => {
  const { ledger, errors } = open()
  const failing = new TaskLedger({
    store: { ...openStore([], []).store, saveTasks: async () => Promise.reject(new Error('away')) },
    settings: () => ({ taskScope: 'principal', taskTtlMs: 60_000, maxTasks: 100 }),
    onError: (error) => errors.push(error),
    onForeign: () => {},
    now: () => 0,
  })
  ledgers.push(failing, ledger)
  failing.note('a', news('1'), alice)
  await failing.written()
  expect(errors).toHaveLength(1)
  expect(await failing.require('a', '1', alice)).toMatchObject({ taskId: '1' })
})
