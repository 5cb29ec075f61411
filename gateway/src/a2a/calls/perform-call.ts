import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { rewriteExtendedCard } from '../cards/extended-card.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import { isEnded } from '../protocol/translate-objects.ts'
import { answerPush } from '../push/answer-push.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import type { AgentEvents, AgentResult } from '../relay/agent-relay.ts'
import { listTasks } from '../tasks/list-tasks.ts'
import { checkMessage } from './check-message.ts'

/** What a call answers: one result, or events. */
export type Performed = { readonly result: unknown; readonly extensions: string | null } | AgentEvents

/** Does what a client asked for, whatever binding it came by. Errors: A2aError; GatewayError when storage is away. */
export async function performCall(plane: A2aPlane, call: AgentCall): Promise<Performed> {
  switch (call.operation) {
    case 'send': {
      const performed = await plane.relay.call(await admitMessage(plane, call))
      call.report.result = readRecord(performed.result)
      return performed
    }
    case 'stream':
      return plane.relay.stream(await admitMessage(plane, call))
    case 'get':
    case 'cancel':
      return askForTask(plane, call)
    case 'subscribe':
      await requireOwnTask(plane, call)
      return plane.relay.stream(call)
    case 'list':
      return { result: await listTasks(plane, call), extensions: null }
    case 'extended-card':
      return { result: await rewriteExtendedCard(plane, call), extensions: null }
    default:
      return { result: await answerPush(plane, call), extensions: null }
  }
}

/** A message may begin a task, or go on with what is the caller's own. */
async function admitMessage(plane: A2aPlane, call: AgentCall): Promise<AgentCall> {
  const { agent, caller, params } = call
  const message = checkMessage(params)
  requireTrace(call)
  const taskId = readText(message['taskId'])
  const contextId = readText(message['contextId'])
  if (taskId !== null) await plane.tasks.require(agent.agentId, taskId, caller)
  if (contextId !== null) await plane.tasks.claimContext(agent.agentId, contextId, caller)
  await plane.admit(call)
  return plane.push.replaceTarget(call)
}

/** Errors: -32600 for an agent that wants to know of which trace a call is. */
function requireTrace({ agent, exchange }: AgentCall): void {
  const isRequired = [agent.others, agent.params].some(
    (members) => members['require_trace_id_on_calls_to_agent'] === true,
  )
  const names = ['x-litellm-trace-id', 'x-litellm-session-id', 'traceparent']
  if (!isRequired || names.some((name) => exchange.header(name) !== null)) return
  throw new A2aError('INVALID_REQUEST', `This agent needs one of the headers ${names.join(', ')}.`)
}

/** An agent that does not know an owned task any more has ended it for its owner too. */
async function askForTask(plane: A2aPlane, call: AgentCall): Promise<AgentResult> {
  const task = await requireOwnTask(plane, call)
  if (call.operation === 'cancel' && isEnded(task.state))
    throw new A2aError('TASK_NOT_CANCELABLE', 'Task cannot be canceled')
  try {
    return await plane.relay.call(call)
  } catch (error) {
    if (error instanceof A2aError && error.reason === 'TASK_NOT_FOUND')
      await plane.tasks.forget(task.agentId, task.taskId)
    throw error
  }
}

function requireOwnTask(plane: A2aPlane, { agent, caller, params }: AgentCall) {
  return plane.tasks.require(agent.agentId, requireTaskId(params), caller)
}

/** The id of a task, with its history length where one is asked for. Errors: -32602. */
function requireTaskId(params: JsonRecord): string {
  const id = params['id']
  if (typeof id !== 'string' || id === '')
    throw new A2aError('INVALID_PARAMS', 'params.id: the id of a task is needed.')
  const { historyLength } = params
  if (historyLength !== undefined && (!Number.isInteger(historyLength) || (historyLength as number) < 0))
    throw new A2aError('INVALID_PARAMS', 'params.historyLength: this should be a whole number of at least 0.')
  if (params['metadata'] !== undefined && readRecord(params['metadata']) === null)
    throw new A2aError('INVALID_PARAMS', 'params.metadata: this should be an object.')
  return id
}
