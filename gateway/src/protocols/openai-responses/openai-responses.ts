import type { Protocol } from '../protocol.ts'
import { formatStreamError } from './format-error.ts'
import { formatResponsesReply } from './format-reply.ts'
import { ResponsesStreamFormatter } from './format-stream.ts'
import { parseResponsesRequest } from './parse-request.ts'
import { readPassthroughResponse } from './passthrough-reply.ts'
import { ResponsesPassthroughStream } from './passthrough-stream.ts'
import { readDelivery } from './read-delivery.ts'

/** OpenAI's Responses. */
export const openaiResponsesProtocol: Protocol = {
  id: 'openai-responses',
  forwardedHeaders: ['openai-beta'],
  streamType: 'text/event-stream; charset=utf-8',
  keepalive: ': ping\n\n',
  readDelivery,
  parseRequest: parseResponsesRequest,
  formatId: (unique) => `resp_${unique.replaceAll('-', '')}`,
  formatReply: formatResponsesReply,
  createStreamFormatter: (head, options) => new ResponsesStreamFormatter(head, options),
  formatStreamError,
  formatTokenCount: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
  createPassthroughStream: (options) => new ResponsesPassthroughStream(options),
  readPassthroughReply: readPassthroughResponse,
}
