import { findVertexModel, vertexAccess } from '../vertex-address.ts'
import type { PathTarget, Wire, WirePaths } from '../wire.ts'
import { geminiWire } from './gemini.ts'
import { vertexEmbeddings } from './vertex-embeddings.ts'

/** Gemini on Vertex AI: the same protocol at another address. */
export const vertexWire: Wire = {
  ...geminiWire,
  ...vertexAccess,
  id: 'vertex',
  pathsFor,
  embeddings: vertexEmbeddings,
}

function pathsFor(target: PathTarget): WirePaths {
  const model = findVertexModel(target, 'google')
  return {
    chat: `${model}:generateContent`,
    chatStream: `${model}:streamGenerateContent?alt=sse`,
    completion: null,
    embedding: `${model}:predict`,
  }
}
