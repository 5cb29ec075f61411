import { collectReply } from '../../../conversation/collect-reply.ts'
import { readRecord } from '../../../conversation/json-value.ts'
import type { ConversationReply } from '../../../conversation/reply.ts'
import type { ReplyEvent } from '../../../conversation/stream-event.ts'
import { malformedAnswer } from '../../malformed-answer.ts'
import { ResponsesStreamDecoder } from './decode-stream.ts'

/** A whole response as an answer. It is decoded as events, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const response = readRecord(body)
  if (response === null) throw malformedAnswer('it is not a JSON object')
  if (!Array.isArray(response['output'])) throw malformedAnswer('it has no output')
  return collectReply(new ResponsesStreamDecoder().decodeResponse(response) as ReplyEvent[])
}
