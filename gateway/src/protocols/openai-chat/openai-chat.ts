import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply } from '../../relay/relay.ts'
import { readPassthroughReply } from '../passthrough-reply.ts'
import type {
  ParseOptions,
  PassthroughOptions,
  Protocol,
  ReplyHead,
  ReplyOptions,
  StreamFormatter,
} from '../protocol.ts'
import { completionToChat, readOnlyPrompt } from './completion-request.ts'
import { encodeEmbeddings } from './embedding-encoding.ts'
import { CompletionStreamFormatter, formatCompletion } from './format-completion.ts'
import { formatChatStreamError } from './format-error.ts'
import { formatChatReply } from './format-reply.ts'
import { ChatStreamFormatter } from './format-stream.ts'
import { markForCaching } from './mark-for-caching.ts'
import { openaiModelLists } from './model-lists.ts'
import { parseChatRequest } from './parse-request.ts'
import { PassthroughStream } from './passthrough-stream.ts'
import { readDelivery } from './read-delivery.ts'

/** OpenAI's chat completions, with text completions and embeddings. */
export const openaiChatProtocol: Protocol = {
  id: 'openai-chat',
  forwardedHeaders: ['openai-beta'],
  keepalive: ': ping\n\n',
  modelLists: openaiModelLists,
  readDelivery,
  markForCaching,
  parseRequest,
  formatId: (unique, operation) => (operation === 'completion' ? `cmpl-${unique}` : `chatcmpl-${unique}`),
  formatReply,
  createStreamFormatter,
  formatStreamError: formatChatStreamError,
  createPassthroughStream: (options) => new PassthroughStream(options),
  readPassthroughReply: readReply,
}

function parseRequest(body: JsonRecord, { operation, model, dropParams }: ParseOptions): ConversationRequest {
  const chat = operation === 'completion' ? completionToChat(body, readOnlyPrompt(body), dropParams) : body
  return parseChatRequest({ ...chat, model })
}

/** Vendors without base64 answer floats; the client gets what it asked for. */
function readReply(body: Buffer, options: PassthroughOptions): PlainReply | UpstreamFailure {
  const reply = readPassthroughReply(body, options)
  const wantsBase64 = options.operation === 'embedding' && options.body['encoding_format'] === 'base64'
  if (!wantsBase64 || !('body' in reply)) return reply
  const octets = typeof reply.body === 'string' ? Buffer.from(reply.body, 'latin1') : reply.body
  return { ...reply, body: encodeEmbeddings(octets) }
}

function formatReply(reply: ConversationReply, head: ReplyHead, { operation }: ReplyOptions): JsonRecord {
  return operation === 'completion' ? formatCompletion([reply], head) : formatChatReply(reply, head)
}

function createStreamFormatter(head: ReplyHead, options: ReplyOptions): StreamFormatter {
  return options.operation === 'completion'
    ? new CompletionStreamFormatter(head, options)
    : new ChatStreamFormatter(head, options)
}
