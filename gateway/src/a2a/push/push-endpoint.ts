import { GatewayError } from '@routeiq/contract'
import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import { readBody } from '../../http/read-body.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import type { PushRow } from '../a2a-store.ts'
import { findUsableAgent } from '../agents/agent-access.ts'
import { requireEnabled } from '../calls/require-enabled.ts'
import { versionOfEvent } from '../protocol/translate-calls.ts'
import { readNews } from '../tasks/read-news.ts'
import { type PushDelivery, translatePush } from './push-delivery.ts'

const maxBodyBytes = 1_048_576

/** Where agents push to. The token in the path is all they have, so every refusal looks the same. */
export function pushEndpoint(plane: A2aPlane, delivery: PushDelivery): Endpoint {
  return {
    errors: 'control',
    handle: async (exchange, { id = '', token = '' }) => {
      requireEnabled(plane)
      const known = await plane.push.findByToken(token)
      const payload = readRecord(parseJson((await readBody(exchange.request, maxBodyBytes)).toString('utf8')))
      if (known === null || known.row.agentId !== id || payload === null) throw unknownTarget()
      const { taskId, state } = readNews('stream', payload, versionOfEvent(payload))
      const { row, config } = known
      if (taskId === null || !(await mayStillHear(plane, row))) throw unknownTarget()
      if (row.taskId === '') {
        // The target came with a message whose task had no id yet: it must be one of the same caller.
        if ((await plane.tasks.ownerOf(id, taskId)) !== config.owner) throw unknownTarget()
      } else if (row.taskId !== taskId) throw unknownTarget()
      await plane.tasks.hear(id, taskId, state)
      delivery.send(id, taskId, config, translatePush(payload, config, plane.translations))
      exchange.sendJson(200, {})
    },
  }
}

/** A key that was blocked, has expired or lost the agent since hears no more of it. */
async function mayStillHear(
  { identity, directory }: A2aPlane,
  { agentId, keyHash }: PushRow,
): Promise<boolean> {
  if (keyHash === null) return directory.find(agentId) !== null
  try {
    const { objects } = await identity.authenticator.findCaller(keyHash)
    return findUsableAgent(directory, agentId, objects) !== null
  } catch (error) {
    if (error instanceof GatewayError && error.status < 500) return false
    throw error
  }
}

function unknownTarget(): GatewayError {
  return new GatewayError('agent_not_found', 'Nobody waits for news at this address.')
}
