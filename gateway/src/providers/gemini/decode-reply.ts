import { collectReply } from '../../conversation/collect-reply.ts'
import { readRecord } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { GenerateStreamDecoder } from './decode-stream.ts'

/** A whole answer. It is decoded as a stream of one piece, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const answer = readRecord(body)
  if (answer === null) throw malformedAnswer('it is not a JSON object')
  // An answer of nothing but thinking that was cut off has counts and no candidates.
  const isEmpty = answer['candidates'] === undefined && readRecord(answer['usageMetadata']) !== null
  if (!Array.isArray(answer['candidates']) && !isEmpty) throw malformedAnswer('it has no candidates')
  const candidates = isEmpty ? [{ index: 0 }] : answer['candidates']
  const decoder = new GenerateStreamDecoder()
  const events: StreamEvent[] = []
  decoder.decodePiece({ ...answer, candidates }, events)
  events.push(...decoder.finish())
  return collectReply(events.filter(isReplyEvent))
}

function isReplyEvent(event: StreamEvent): event is ReplyEvent {
  return event.type !== 'error'
}
