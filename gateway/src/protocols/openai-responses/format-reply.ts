import type { JsonRecord } from '../../conversation/json-value.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ReplyHead, ReplyOptions } from '../protocol.ts'
import { ResponsesStreamFormatter } from './format-stream.ts'

/** An answer as a response. It is written as a stream whose last event is kept, so that both forms cannot differ. */
export function formatResponsesReply(
  reply: ConversationReply,
  head: ReplyHead,
  options: ReplyOptions,
): JsonRecord {
  const formatter = new ResponsesStreamFormatter(head, options)
  for (const event of replayReply(reply)) formatter.format(event)
  return formatter.reply()
}
