import { GatewayError } from '@routeiq/contract'
import { parseJson, readRecord } from '../../conversation/json-value.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import { readBody } from '../../http/read-body.ts'
import type { A2aPlane } from '../a2a-plane.ts'
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
      if (taskId === null) throw unknownTarget()
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

function unknownTarget(): GatewayError {
  return new GatewayError('agent_not_found', 'Nobody waits for news at this address.')
}
