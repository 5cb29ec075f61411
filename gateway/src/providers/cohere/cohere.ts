import { decodeError } from '../decode-error.ts'
import { noEdits } from '../passthrough-edits.ts'
import { restoreReply, restoreStream } from '../restore-reply.ts'
import type { PathTarget, Wire, WirePaths } from '../wire.ts'
import { decodeReply } from './decode-reply.ts'
import { CohereStreamDecoder } from './decode-stream.ts'
import { decodeUsage } from './decode-usage.ts'
import { cohereEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'
import { findFailure } from './find-failure.ts'

/** Version 2 of Cohere's own protocol (docs.cohere.com/v2/reference). */
export const cohereWire: Wire = {
  id: 'cohere',
  dialect: 'cohere-chat',
  framing: 'sse',
  namesModelIn: 'body',
  pathsFor,
  versionSegment: '/v2',
  authHeaders: (apiKey) => (apiKey === null || apiKey === '' ? [] : ['authorization', `Bearer ${apiKey}`]),
  editPassthrough: () => noEdits,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  embeddings: cohereEmbeddings,
  createStreamDecoder: (context) => restoreStream(new CohereStreamDecoder(), context),
  decodeUsage,
  decodeError,
}

const paths = {
  chat: '/chat',
  chatStream: null,
  completion: null,
  embedding: '/embed',
  rerank: '/rerank',
} as const

/** Errors: throws an Error for the address of Cohere's imitation of OpenAI, which speaks another protocol. */
function pathsFor({ base }: PathTarget): WirePaths {
  if (base.pathname.includes('/compatibility')) {
    throw new Error(
      '`api_base` is Cohere’s OpenAI-compatible address; leave it out, or use `openai/<model>` with it',
    )
  }
  return paths
}
