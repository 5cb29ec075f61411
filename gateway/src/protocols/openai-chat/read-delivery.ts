import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { CallAddress, Delivery } from '../protocol.ts'

const requiredMember = { chat: 'messages', completion: 'prompt', embedding: 'input' } as const

/** See `Protocol.readDelivery`. */
export function readDelivery(body: JsonRecord, { operation }: CallAddress): Delivery {
  const member = requiredMember[operation]
  const value = body[member]
  if (value === undefined || value === null) throw invalid(member, 'is required')
  if (operation === 'chat' && !Array.isArray(value)) throw invalid(member, 'must be an array of messages')
  const { stream } = body
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'must be true or false')
  if (stream !== true) return whole
  return readRecord(body['stream_options'])?.['include_usage'] === true ? streamWithUsage : streamWithoutUsage
}

const whole: Delivery = { stream: false, includesUsage: false }
const streamWithUsage: Delivery = { stream: true, includesUsage: true }
const streamWithoutUsage: Delivery = { stream: true, includesUsage: false }

function invalid(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${what}.`, { param })
}
