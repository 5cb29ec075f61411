import { decodeError, findFailure } from '../decode-error.ts'
import { restoreReply, restoreStream } from '../restore-reply.ts'
import type { Wire } from '../wire.ts'
import { decodeReply } from './decode-reply.ts'
import { ChatStreamDecoder } from './decode-stream.ts'
import { decodeUsage } from './decode-usage.ts'
import { editPassthrough } from './edit-passthrough.ts'
import { openaiEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'

const paths = {
  chat: '/chat/completions',
  chatStream: null,
  completion: '/completions',
  embedding: '/embeddings',
  'image-generation': '/images/generations',
  'image-edit': '/images/edits',
  transcription: '/audio/transcriptions',
  translation: '/audio/translations',
  speech: '/audio/speech',
  moderation: '/moderations',
  rerank: '/rerank',
} as const

/** OpenAI's chat completion protocol, spoken by OpenAI and every compatible vendor. */
export const openaiWire: Wire = {
  id: 'openai',
  dialect: 'openai-chat',
  framing: 'sse',
  namesModelIn: 'body',
  pathsFor: () => paths,
  versionSegment: '/v1',
  authHeaders: (apiKey, { provider }) => {
    if (apiKey === null || apiKey === '' || provider.auth === 'none') return []
    return provider.auth === 'api-key' ? ['api-key', apiKey] : ['authorization', `Bearer ${apiKey}`]
  },
  editPassthrough,
  embeddings: openaiEmbeddings,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  createStreamDecoder: (context) => restoreStream(new ChatStreamDecoder(), context),
  decodeUsage,
  decodeError,
}
