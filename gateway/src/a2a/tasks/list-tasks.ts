import { type JsonRecord, parseJson } from '../../conversation/json-value.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import type { TaskRow } from '../a2a-store.ts'
import { invalidParam } from '../protocol/a2a-error.ts'
import { currentState, translateTask } from '../protocol/translate-objects.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { principalOf } from './task-ledger.ts'

const maxPage = 100
const standardPage = 50
const fetchedAtOnce = 5

interface Cursor {
  readonly updatedAt: number
  readonly taskId: string
}

/**
 * The caller's tasks, newest first, from what the gateway remembers: an agent is never asked for a list, since all
 * callers are one to it. Each task of a page is then fetched from the agent; one that it does not give is listed with
 * what is known here.
 */
export async function listTasks(plane: A2aPlane, call: AgentCall): Promise<JsonRecord> {
  const { agent, caller, params, version } = call
  const pageSize = readPageSize(params['pageSize'])
  const { owner } = principalOf(caller)
  const filter = {
    agentId: agent.agentId,
    owner,
    teamId: plane.tasks.visibleTeam(caller),
    contextId: readFilterText(params, 'contextId'),
    state: readState(params['status']),
    updatedAfter: readTime(params['statusTimestampAfter']),
  }
  const before = readPageToken(plane, params['pageToken'], JSON.stringify(filter))
  await plane.tasks.written()
  const { tasks: rows, total } = await plane.store.listTasks({ ...filter, before, limit: pageSize + 1 })
  const page = rows.slice(0, pageSize)
  plane.tasks.recall(page)
  const last = page.at(-1)
  const hasMore = rows.length > pageSize && last !== undefined
  const nextPageToken = hasMore
    ? plane.sealPage(JSON.stringify([JSON.stringify(filter), last.updatedAt, last.taskId]))
    : ''
  const tasks = await fetchTasks(plane, call, page)
  const shown = tasks.map((task) => (params['includeArtifacts'] === true ? task : withoutArtifacts(task)))
  return {
    tasks: version === '1.0' ? shown : shown.map((task) => translateTask(task, plane.translations.down)),
    nextPageToken,
    pageSize,
    totalSize: total,
  }
}

/** In 1.0, in the order of the rows. */
async function fetchTasks(plane: A2aPlane, call: AgentCall, rows: readonly TaskRow[]): Promise<JsonRecord[]> {
  const tasks: JsonRecord[] = []
  for (let start = 0; start < rows.length; start += fetchedAtOnce) {
    const some = rows.slice(start, start + fetchedAtOnce)
    tasks.push(...(await Promise.all(some.map((row) => fetchTask(plane, call, row)))))
  }
  return tasks
}

async function fetchTask(plane: A2aPlane, call: AgentCall, row: TaskRow): Promise<JsonRecord> {
  const { historyLength } = call.params
  const params = { id: row.taskId, ...(historyLength === undefined ? {} : { historyLength }) }
  try {
    const { result } = await plane.relay.call({ ...call, operation: 'get', version: '1.0', params })
    return result
  } catch {
    const timestamp = new Date(row.updatedAt).toISOString()
    const status = { state: row.state ?? 'TASK_STATE_UNSPECIFIED', timestamp }
    return { id: row.taskId, ...(row.contextId === null ? {} : { contextId: row.contextId }), status }
  }
}

function withoutArtifacts({ artifacts: _, ...task }: JsonRecord): JsonRecord {
  return task
}

function readPageSize(value: unknown): number {
  if (value === undefined || value === null) return standardPage
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > maxPage)
    throw invalidParam('pageSize', `this should be a whole number from 1 to ${maxPage}`)
  return value as number
}

function readFilterText(params: JsonRecord, name: string): string | null {
  const value = params[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') throw invalidParam(name, 'this should be text')
  return value
}

function readState(value: unknown): string | null {
  if (value === undefined || value === null || value === '' || value === 'TASK_STATE_UNSPECIFIED') return null
  const state = currentState(value)
  if (state === null) throw invalidParam('status', 'this is no state of a task')
  return state
}

function readTime(value: unknown): number | null {
  if (value === undefined || value === null) return null
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) throw invalidParam('statusTimestampAfter', 'this should be a time in ISO 8601')
  return at
}

/** A continuation holds for the caller and the filter it was given for. */
function readPageToken(plane: A2aPlane, value: unknown, filter: string): Cursor | null {
  if (value === undefined || value === null || value === '') return null
  const opened = typeof value === 'string' ? plane.openPage(value) : null
  const parsed = opened === null ? null : parseJson(opened)
  const [of, updatedAt, taskId] = Array.isArray(parsed) ? parsed : []
  if (of !== filter) throw invalidParam('pageToken', 'this continues no listing like this one')
  return { updatedAt: Number(updatedAt), taskId: String(taskId) }
}
