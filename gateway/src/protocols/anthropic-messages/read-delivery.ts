import { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { CallAddress, CallHeaders, Delivery } from '../protocol.ts'
import { checkApiVersion } from './check-api-version.ts'

const whole: Delivery = { stream: false, includesUsage: false }
const stream: Delivery = { stream: true, includesUsage: true }

/** See `Protocol.readDelivery`. Usage is part of every stream of this dialect. */
export function readDelivery(body: JsonRecord, _: CallAddress, headers: CallHeaders): Delivery {
  const { messages } = body
  if (messages === undefined || messages === null) throw invalid('messages', 'is required')
  if (!Array.isArray(messages)) throw invalid('messages', 'must be an array of messages')
  if (body['stream'] !== undefined && body['stream'] !== null && typeof body['stream'] !== 'boolean')
    throw invalid('stream', 'must be true or false')
  checkApiVersion(body, headers['anthropic-version'])
  return body['stream'] === true ? stream : whole
}

function invalid(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${what}.`, { param })
}
