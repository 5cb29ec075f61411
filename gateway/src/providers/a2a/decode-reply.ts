import { collectReply } from '../../conversation/collect-reply.ts'
import { readRecord } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import type { ReplyContext } from '../reply-context.ts'
import { AgentStreamDecoder } from './decode-stream.ts'

/** A whole answer, decoded as the one event of a stream, so that both forms cannot differ. */
export function decodeReply(body: unknown, context: ReplyContext): ConversationReply {
  const answer = readRecord(body)
  if (answer === null) throw malformedAnswer('it is not a JSON object')
  const decoder = new AgentStreamDecoder(context)
  const events = [...decoder.decodeEvent(answer), ...decoder.end()]
  const replies: ReplyEvent[] = []
  for (const event of events) {
    if (event.type === 'error') throw malformedAnswer(event.failure.message)
    replies.push(event)
  }
  return collectReply(replies)
}
