import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { Operation } from '../../conversation/operation.ts'
import { holdsArray } from '../../json/parse-lazily.ts'
import type { CallAddress, Delivery } from '../protocol.ts'

const requiredMember: Readonly<Record<Operation, string | null>> = {
  chat: 'messages',
  completion: 'prompt',
  embedding: 'input',
  'image-generation': 'prompt',
  // The fields of a form may still be on their way.
  'image-edit': null,
  transcription: null,
  translation: null,
  speech: 'input',
  moderation: 'input',
  rerank: 'query',
}

/** See `Protocol.readDelivery`. */
export function readDelivery(body: JsonRecord, { operation }: CallAddress): Delivery {
  const member = requiredMember[operation]
  if (member !== null && !holdsArray(body, member)) {
    if (body[member] === undefined || body[member] === null) throw invalid(member, 'is required')
    if (operation === 'chat') throw invalid('messages', 'must be an array of messages')
  }
  if (operation === 'rerank' && !holdsArray(body, 'documents'))
    throw invalid('documents', 'must be an array of documents')
  if (operation === 'speech') return body['stream_format'] === 'sse' ? streamWithoutUsage : streamOfBytes
  const { stream } = body
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'must be true or false')
  if (stream !== true) return whole
  return readRecord(body['stream_options'])?.['include_usage'] === true ? streamWithUsage : streamWithoutUsage
}

const whole: Delivery = { stream: false, includesUsage: false }
const streamWithUsage: Delivery = { stream: true, includesUsage: true }
const streamWithoutUsage: Delivery = { stream: true, includesUsage: false }
/** Audio is passed on as it comes, whatever the request says of streams. */
const streamOfBytes: Delivery = { stream: true, includesUsage: false, isBinary: true }

function invalid(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${what}.`, { param })
}
