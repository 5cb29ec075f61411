import { type JsonRecord, readText } from '../../conversation/json-value.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { A2aError } from '../protocol/a2a-error.ts'
import type { AgentCall } from '../relay/agent-call.ts'
import { formatPushConfig, type PushConfig } from './push-config.ts'

/** The operations on push targets of a task, which the gateway itself keeps. Errors: A2aError. */
export async function answerPush(plane: A2aPlane, call: AgentCall): Promise<unknown> {
  const taskId = readTaskId(call)
  await plane.tasks.require(call.agent.agentId, taskId, call.caller)
  switch (call.operation) {
    case 'set-push':
      return setTarget(plane, call, taskId)
    case 'get-push':
      return formatPushConfig(await findTarget(plane, call, taskId), taskId, call.version)
    case 'list-push':
      return listTargets(plane, call, taskId)
    default:
      return removeTarget(plane, call, taskId)
  }
}

async function setTarget(plane: A2aPlane, call: AgentCall, taskId: string): Promise<JsonRecord> {
  const { params, version } = call
  const config = plane.push.newConfig(version === '1.0' ? params : params['pushNotificationConfig'], call)
  await plane.push.require(call, config.url)
  const callback = await plane.push.keep(call, taskId, config)
  // Sent in 1.0 and translated by hand: the two versions nest a target differently.
  const endpoint = await plane.cards.endpoint(call.agent)
  const agentVersion = endpoint?.version ?? version
  const sent = agentVersion === '1.0' ? { taskId, ...callback } : { taskId, pushNotificationConfig: callback }
  try {
    await plane.relay.ask({ ...call, version: agentVersion, params: sent })
  } catch (error) {
    await plane.push.remove(call, taskId, config.configId)
    throw error
  }
  return formatPushConfig(config, taskId, version)
}

async function listTargets(plane: A2aPlane, call: AgentCall, taskId: string): Promise<unknown> {
  const configs = await plane.push.list(call, taskId)
  const shown = configs.map((config) => formatPushConfig(config, taskId, call.version))
  // The result of 0.3 is the list itself.
  return call.version === '1.0' ? { configs: shown, nextPageToken: '' } : shown
}

/** Removing what is not there is no failure. Without an id the only one of 0.3 is meant. */
async function removeTarget(plane: A2aPlane, call: AgentCall, taskId: string): Promise<null> {
  const configId = readConfigId(call) ?? (await plane.push.list(call, taskId))[0]?.configId
  if (configId !== undefined) await plane.push.remove(call, taskId, configId)
  return null
}

async function findTarget(plane: A2aPlane, call: AgentCall, taskId: string): Promise<PushConfig> {
  const configId = readConfigId(call)
  const configs = await plane.push.list(call, taskId)
  const found = configId === null ? configs[0] : configs.find((config) => config.configId === configId)
  if (found === undefined) throw new A2aError('TASK_NOT_FOUND', 'Push notification config not found')
  return found
}

function readConfigId({ params, version }: AgentCall): string | null {
  return readText(version === '1.0' ? params['id'] : params['pushNotificationConfigId'])
}

/** 0.3 calls the task of most of these operations `id`. */
function readTaskId({ operation, version, params }: AgentCall): string {
  const name = version === '1.0' || operation === 'set-push' ? 'taskId' : 'id'
  const taskId = readText(params[name])
  if (taskId === null) throw new A2aError('INVALID_PARAMS', `params.${name}: the id of a task is needed.`)
  return taskId
}
