import { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { Delivery } from '../protocol.ts'

/**
 * See `Protocol.readDelivery`. The input may be left out when a template or an earlier response brings it.
 */
export function readDelivery(body: JsonRecord): Delivery {
  const { input, stream } = body
  const isGiven = typeof input === 'string' || Array.isArray(input)
  if (!isGiven && !(input == null && hasOtherInput(body)))
    throw invalid('input', 'must be a string or an array of items')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'must be true or false')
  return stream === true ? streamed : whole
}

function hasOtherInput(body: JsonRecord): boolean {
  return ['prompt', 'previous_response_id', 'conversation'].some((name) => body[name] != null)
}

const whole: Delivery = { stream: false, includesUsage: false }
const streamed: Delivery = { stream: true, includesUsage: true }

function invalid(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${what}.`, { param })
}
