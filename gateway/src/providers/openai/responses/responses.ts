import { restoreReply, restoreStream } from '../../restore-reply.ts'
import type { Wire } from '../../wire.ts'
import { decodeUsage } from '../decode-usage.ts'
import { openaiWire } from '../openai.ts'
import { decodeReply } from './decode-reply.ts'
import { ResponsesStreamDecoder } from './decode-stream.ts'
import { editPassthrough } from './edit-passthrough.ts'
import { encodeRequest } from './encode-request.ts'
import { findFailure } from './find-failure.ts'

const paths = { chat: '/responses', chatStream: null, completion: null, embedding: null } as const

/** OpenAI's Responses protocol. Accounts, authentication and error bodies are those of chat completions. */
export const responsesWire: Wire = {
  id: 'openai-responses',
  dialect: 'openai-responses',
  framing: 'sse',
  namesModelIn: 'body',
  pathsFor: () => paths,
  countingPath: (chatPath) => chatPath.replace(/\/responses(?=\?|$)/, '/responses/input_tokens'),
  versionSegment: openaiWire.versionSegment,
  authHeaders: openaiWire.authHeaders,
  editPassthrough,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  createStreamDecoder: (context) => restoreStream(new ResponsesStreamDecoder(), context),
  decodeUsage,
  decodeError: openaiWire.decodeError,
}
