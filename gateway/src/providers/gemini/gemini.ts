import { restoreReply, restoreStream } from '../restore-reply.ts'
import type { PathTarget, Wire, WirePaths } from '../wire.ts'
import { decodeError, findFailure } from './decode-error.ts'
import { decodeReply } from './decode-reply.ts'
import { GenerateStreamDecoder } from './decode-stream.ts'
import { decodeUsage } from './decode-usage.ts'
import { editPassthrough } from './edit-passthrough.ts'
import { geminiEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'

/** Google's generateContent as AI Studio serves it (ai.google.dev/api). */
export const geminiWire: Wire = {
  id: 'gemini',
  dialect: 'google-generate',
  framing: 'sse',
  namesModelIn: 'path',
  pathsFor,
  countingPath: (chatPath) => chatPath.replace(/:generateContent(?=$|\?)/, ':countTokens'),
  versionSegment: '/v1beta',
  authHeaders: (apiKey) => (apiKey === null || apiKey === '' ? [] : ['x-goog-api-key', apiKey]),
  readsMedia: (url, model) => url.startsWith('https:') && !/^gemini-(?:1|2\.0)/.test(model),
  editPassthrough,
  embeddings: geminiEmbeddings,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  createStreamDecoder: (context) => restoreStream(new GenerateStreamDecoder(), context),
  decodeUsage,
  decodeError,
}

/** A model id may name its collection (`tunedModels/x`); `models/` is meant otherwise. */
function pathsFor({ upstreamModel }: PathTarget): WirePaths {
  const name = upstreamModel.split('/').map(encodeURIComponent).join('/')
  const model = name.includes('/') ? `/${name}` : `/models/${name}`
  return {
    chat: `${model}:generateContent`,
    chatStream: `${model}:streamGenerateContent?alt=sse`,
    completion: null,
    embedding: `${model}:batchEmbedContents`,
  }
}
