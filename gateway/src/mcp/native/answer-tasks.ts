import type { ServerCapabilities } from '@modelcontextprotocol/server'
import type { Downstream } from '../call/downstream.ts'
import { type RelayDependencies, relay } from '../call/relay.ts'
import { invalidParams, RpcError } from '../call/rpc-error.ts'
import type { TaskIds } from '../call/task-ids.ts'
import type { ServerOffer } from '../catalogue/server-state.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'

/**
 * Tasks in the form of 2025-11-25: a call that is answered at once with a task, which is asked for its state and its result. They are
 * passed on where client and server both speak that form. Lists are not: a server that sees one account would tell of everybody's.
 */
export const taskMethods: ReadonlySet<string> = new Set(['tasks/get', 'tasks/result', 'tasks/cancel'])

const relatedKey = 'io.modelcontextprotocol/related-task'

export interface TaskDependencies extends RelayDependencies {
  readonly taskIds: TaskIds
}

/** Whether calls of a server's tools may be tasks. */
export function offersTasks({ era, capabilities }: ServerOffer): boolean {
  const tasks = capabilities['tasks'] as { requests?: { tools?: { call?: unknown } } } | undefined
  return era === 'legacy' && tasks?.requests?.tools?.call !== undefined
}

export function taskCapabilities(offers: Iterable<ServerOffer>): Pick<ServerCapabilities, 'tasks'> {
  if (![...offers].some(offersTasks)) return {}
  return { tasks: { cancel: {}, requests: { tools: { call: {} } } } }
}

/** The answer to a call with the id its client may use, where it is a task. */
export function withOwnTask(
  taskIds: TaskIds,
  { principal }: Downstream,
  serverId: string,
  result: McpResult,
): McpResult {
  const { task } = result as { task?: { taskId?: unknown } | null }
  if (typeof task?.taskId !== 'string') return result
  return { ...result, task: { ...task, taskId: taskIds.seal({ serverId, taskId: task.taskId }, principal) } }
}

/** Errors: rejects with an `RpcError`, -32602 for a task that is not the caller's. */
export async function answerTask(
  deps: TaskDependencies,
  view: CatalogueView,
  downstream: Downstream,
  method: string,
  params: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<McpResult> {
  const id = params['taskId']
  const own = deps.taskIds.open(id, downstream.principal)
  const server = view.servers.find(({ settings }) => settings.serverId === own?.serverId)
  if (own === null || server === undefined) throw new RpcError(invalidParams, 'Unknown task')
  const { taskId } = own
  const result = await relay(deps, downstream, {
    ...{ server, method, timeoutMs, name: taskId },
    params: { ...params, taskId },
  })
  // Only what tells of the task has its id.
  if (method !== 'tasks/result') return result['taskId'] === undefined ? result : { ...result, taskId: id }
  const meta = { ...(result['_meta'] as object | undefined), [relatedKey]: { taskId: id } }
  return { ...result, _meta: meta }
}
