import { readPassthroughReply } from '../passthrough-reply.ts'
import type { Protocol } from '../protocol.ts'
import { formatMessagesStreamError } from './format-error.ts'
import { formatReply } from './format-reply.ts'
import { MessagesStreamFormatter } from './format-stream.ts'
import { markForCaching } from './mark-for-caching.ts'
import { modelLists } from './model-lists.ts'
import { parseRequest } from './parse-request.ts'
import { MessagesPassthroughStream } from './passthrough-stream.ts'
import { readDelivery } from './read-delivery.ts'

/** Anthropic's Messages. */
export const anthropicMessagesProtocol: Protocol = {
  id: 'anthropic-messages',
  forwardedHeaders: ['anthropic-version', 'anthropic-beta'],
  streamType: 'text/event-stream; charset=utf-8',
  requestIdHeader: 'request-id',
  keepalive: 'event: ping\ndata: {"type": "ping"}\n\n',
  modelLists,
  readDelivery,
  markForCaching,
  parseRequest,
  formatId: (unique) => `msg_${unique.replaceAll('-', '')}`,
  formatReply,
  formatTokenCount: (tokens) => ({ input_tokens: tokens }),
  createStreamFormatter: (head, options) => new MessagesStreamFormatter(head, options),
  formatStreamError: formatMessagesStreamError,
  createPassthroughStream: (options) => new MessagesPassthroughStream(options),
  readPassthroughReply,
}
