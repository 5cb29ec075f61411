import type { JsonRecord } from '../../conversation/json-value.ts'
import { isTextOperation } from '../../conversation/operation.ts'
import type { ConversationReply } from '../../conversation/reply.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply, StreamRelay } from '../../relay/relay.ts'
import { readPassthroughReply } from '../passthrough-reply.ts'
import type {
  ParseOptions,
  PassthroughOptions,
  Protocol,
  ReplyHead,
  ReplyOptions,
  StreamFormatter,
} from '../protocol.ts'
import { BinaryStream } from './binary-stream.ts'
import { completionToChat, readOnlyPrompt } from './completion-request.ts'
import { encodeEmbeddings } from './embedding-encoding.ts'
import { formatEmbeddings, parseEmbeddingRequest } from './embeddings.ts'
import { CompletionStreamFormatter, formatCompletion } from './format-completion.ts'
import { formatChatStreamError } from './format-error.ts'
import { formatChatReply } from './format-reply.ts'
import { ChatStreamFormatter } from './format-stream.ts'
import { markForCaching } from './mark-for-caching.ts'
import { readMediaReply } from './media-reply.ts'
import { MediaStream } from './media-stream.ts'
import { openaiModelLists } from './model-lists.ts'
import { parseChatRequest } from './parse-request.ts'
import { PassthroughStream } from './passthrough-stream.ts'
import { readDelivery } from './read-delivery.ts'
import { readRerankReply } from './rerank-reply.ts'

/** OpenAI's dialect: chat completions, text completions, embeddings, images, audio, moderations, and reranking. */
export const openaiChatProtocol: Protocol = {
  id: 'openai-chat',
  forwardedHeaders: ['openai-beta'],
  streamType: 'text/event-stream; charset=utf-8',
  keepalive: ': ping\n\n',
  modelLists: openaiModelLists,
  readDelivery,
  markForCaching,
  parseRequest,
  embeddings: { parse: parseEmbeddingRequest, format: formatEmbeddings },
  formatId: (unique, operation) => (operation === 'completion' ? `cmpl-${unique}` : `chatcmpl-${unique}`),
  formatReply,
  createStreamFormatter,
  formatStreamError: formatChatStreamError,
  createPassthroughStream,
  readPassthroughReply: readReply,
}

function parseRequest(body: JsonRecord, { operation, model, dropParams }: ParseOptions): ConversationRequest {
  const chat = operation === 'completion' ? completionToChat(body, readOnlyPrompt(body), dropParams) : body
  return parseChatRequest({ ...chat, model })
}

function createPassthroughStream(options: PassthroughOptions): StreamRelay {
  const { operation, body } = options
  if (isTextOperation(operation)) return new PassthroughStream(options)
  return operation === 'speech' && body['stream_format'] !== 'sse'
    ? new BinaryStream(options)
    : new MediaStream(options)
}

function readReply(
  body: Buffer,
  options: PassthroughOptions,
  contentType = '',
): PlainReply | UpstreamFailure {
  if (isTextOperation(options.operation)) return readPassthroughReply(body, options)
  if (options.operation === 'embedding') return readEmbeddings(body, options)
  return options.operation === 'rerank'
    ? readRerankReply(body, options)
    : readMediaReply(body, options, contentType)
}

/** Vendors without base64 answer floats; the client gets what it asked for. */
function readEmbeddings(body: Buffer, options: PassthroughOptions): PlainReply | UpstreamFailure {
  const reply = readPassthroughReply(body, options)
  if (options.body['encoding_format'] !== 'base64' || !('body' in reply)) return reply
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
