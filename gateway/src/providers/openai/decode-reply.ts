import { collectReply } from '../../conversation/collect-reply.ts'
import { readRecord, readRecords } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { ChatStreamDecoder } from './decode-stream.ts'

/** A chat completion as an answer. It is decoded as a stream of one chunk, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const completion = readRecord(body)
  if (completion === null) throw malformedAnswer('it is not a JSON object')
  const choices = readRecords(completion['choices'])
  if (choices.length === 0) throw malformedAnswer('it has no choices')
  if (choices.some((choice) => readRecord(choice['message']) === null)) {
    throw malformedAnswer('a choice has no message')
  }
  const decoder = new ChatStreamDecoder()
  const events = decoder.decodeChunk(completion)
  decoder.push({ data: '[DONE]' })
  return collectReply([...events, ...decoder.end()].filter(isReplyEvent))
}

function isReplyEvent(event: StreamEvent): event is ReplyEvent {
  return event.type !== 'error'
}
