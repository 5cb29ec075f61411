import { collectReply } from '../../conversation/collect-reply.ts'
import { type JsonRecord, readRecord, readRecords } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { CohereStreamDecoder } from './decode-stream.ts'

/** A whole answer, decoded as the stream it could have been, so that both forms cannot differ. */
export function decodeReply(body: unknown): ConversationReply {
  const answer = readRecord(body)
  if (answer === null) throw malformedAnswer('it is not a JSON object')
  const message = readRecord(answer['message'])
  if (message === null) throw malformedAnswer('it has no message')
  const { id, message: _, ...ending } = answer
  const decoder = new CohereStreamDecoder()
  const events: StreamEvent[] = []
  const decode = (type: string, index: number, delta: JsonRecord): void => {
    events.push(...decoder.decodeEvent({ type, index, id, delta }))
  }
  decode('message-start', 0, {})
  decode('tool-plan-delta', 0, { message })
  readRecords(message['content']).forEach((content, index) => {
    decode('content-start', index, { message: { content } })
    if (content['type'] === 'text') {
      for (const citations of readRecords(message['citations']))
        decode('citation-start', 0, { message: { citations } })
    }
    decode('content-end', index, {})
  })
  readRecords(message['tool_calls']).forEach((call, index) => {
    decode('tool-call-start', index, { message: { tool_calls: call } })
    decode('tool-call-end', index, {})
  })
  decode('message-end', 0, ending)
  return collectReply(events.filter(isReplyEvent))
}

function isReplyEvent(event: StreamEvent): event is ReplyEvent {
  return event.type !== 'error'
}
