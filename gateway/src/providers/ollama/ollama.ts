import { decodeError, findFailure } from '../decode-error.ts'
import { noEdits } from '../passthrough-edits.ts'
import { restoreReply, restoreStream } from '../restore-reply.ts'
import type { Wire } from '../wire.ts'
import { decodeReply } from './decode-reply.ts'
import { OllamaStreamDecoder } from './decode-stream.ts'
import { decodeUsage } from './decode-usage.ts'
import { ollamaEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'

const paths = { chat: '/api/chat', chatStream: null, completion: null, embedding: '/api/embed' } as const

/** Ollama's own protocol (github.com/ollama/ollama, docs/api.md), which loses less than its OpenAI-compatible one. */
export const ollamaWire: Wire = {
  id: 'ollama',
  dialect: 'ollama-chat',
  framing: 'ndjson',
  namesModelIn: 'body',
  pathsFor: () => paths,
  versionSegment: null,
  authHeaders: (apiKey) => (apiKey === null || apiKey === '' ? [] : ['authorization', `Bearer ${apiKey}`]),
  readsMedia: () => false,
  editPassthrough: () => noEdits,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  embeddings: ollamaEmbeddings,
  createStreamDecoder: (context) => restoreStream(new OllamaStreamDecoder(), context),
  decodeUsage,
  decodeError,
}
