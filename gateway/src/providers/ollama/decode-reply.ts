import { collectReply } from '../../conversation/collect-reply.ts'
import { readRecord } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { OllamaStreamDecoder } from './decode-stream.ts'

/** A whole answer, decoded as the only line of a stream, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const answer = readRecord(body)
  if (answer === null) throw malformedAnswer('it is not a JSON object')
  if (readRecord(answer['message']) === null) throw malformedAnswer('it has no message')
  const events = new OllamaStreamDecoder().decodeChunk({ ...answer, done: true })
  return collectReply(events.filter(isReplyEvent))
}

function isReplyEvent(event: StreamEvent): event is ReplyEvent {
  return event.type !== 'error'
}
