import { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ErrorRendering } from '../error-text.ts'
import type { CallAddress, Delivery, Protocol } from '../protocol.ts'
import { generateEmbeddings } from './embeddings.ts'
import { formatGenerateError } from './format-error.ts'
import { formatGenerateReply } from './format-reply.ts'
import { GenerateStreamFormatter } from './format-stream.ts'
import { modelLists } from './model-lists.ts'
import { parseGenerateRequest, unwrapCounted } from './parse-request.ts'
import { readPassthroughReply } from './passthrough-reply.ts'
import { GeneratePassthroughStream } from './passthrough-stream.ts'
import { ArrayFraming, eventFraming } from './piece-framing.ts'

/** Google's generateContent, streamed as server-sent events (`alt=sse`). */
export const googleGenerateProtocol: Protocol = {
  id: 'google-generate',
  forwardedHeaders: [],
  streamType: 'text/event-stream; charset=utf-8',
  keepalive: ': ping\n\n',
  readDelivery,
  parseRequest: parseGenerateRequest,
  modelLists,
  embeddings: generateEmbeddings,
  formatId: (unique) => unique.replaceAll('-', ''),
  formatReply: formatGenerateReply,
  createStreamFormatter: (head, options) => new GenerateStreamFormatter(head, options, eventFraming),
  formatStreamError: (error, rendering) => eventFraming.frame(formatErrorText(error, rendering)),
  createPassthroughStream: (options) => new GeneratePassthroughStream(options, 'sse'),
  readPassthroughReply,
  formatTokenCount: (tokens) => ({ totalTokens: tokens }),
}

/** The same dialect for a client that did not ask for events: its stream is one JSON array. */
export const googleGenerateArrayProtocol: Protocol = {
  ...googleGenerateProtocol,
  streamType: 'application/json',
  keepalive: '\n',
  createStreamFormatter: (head, options) => new GenerateStreamFormatter(head, options, new ArrayFraming()),
  formatStreamError: (error, rendering) => `,\r\n${formatErrorText(error, rendering)}]\r\n`,
  createPassthroughStream: (options) => new GeneratePassthroughStream(options, 'array'),
}

function formatErrorText(error: GatewayError, rendering: ErrorRendering): string {
  return JSON.stringify(formatGenerateError(error, rendering))
}

/** The path says whether to stream; usage is part of every answer. */
function readDelivery(body: JsonRecord, { operation, pathStream }: CallAddress): Delivery {
  if (operation === 'embedding') return readEmbeddingDelivery(body)
  const contents = unwrapCounted(body)['contents']
  if (contents === undefined || contents === null)
    throw new GatewayError('invalid_request', '`contents` is required.', { param: 'contents' })
  return { stream: pathStream === true, includesUsage: true }
}

function readEmbeddingDelivery(body: JsonRecord): Delivery {
  if (body['content'] === undefined && body['requests'] === undefined)
    throw new GatewayError('invalid_request', '`content` is required.', { param: 'content' })
  return { stream: false, includesUsage: false }
}
