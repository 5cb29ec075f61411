import { collectReply } from '../../conversation/collect-reply.ts'
import { readRecord, readRecords } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { MessagesStreamDecoder } from './decode-stream.ts'

/** A message as an answer. It is decoded as the stream it could have been, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const message = readRecord(body)
  if (message === null) throw malformedAnswer('it is not a JSON object')
  if (!Array.isArray(message['content'])) throw malformedAnswer('it has no content')
  const decoder = new MessagesStreamDecoder()
  const events: StreamEvent[] = [...decoder.decodeEvent({ type: 'message_start', message })]
  readRecords(message['content']).forEach((block, index) => {
    events.push(...decoder.decodeEvent({ type: 'content_block_start', index, content_block: block }))
    events.push(...decoder.decodeEvent({ type: 'content_block_stop', index }))
  })
  const { stop_reason, stop_sequence, stop_details, usage } = message
  const delta = { stop_reason: stop_reason ?? 'end_turn', stop_sequence, stop_details }
  events.push(...decoder.decodeEvent({ type: 'message_delta', delta, usage }))
  return collectReply(events.filter(isReplyEvent))
}

function isReplyEvent(event: StreamEvent): event is ReplyEvent {
  return event.type !== 'error'
}
