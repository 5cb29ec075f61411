import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { BodyEdits } from '../passthrough-edits.ts'
import { findVertexModel, vertexAccess } from '../vertex-address.ts'
import type { EncodedRequest, PathTarget, Wire, WirePaths, WireTarget } from '../wire.ts'
import { anthropicWire } from './anthropic.ts'
import { editPassthrough } from './edit-passthrough.ts'
import { encodeRequest } from './encode-request.ts'

/** The host counts prompts in a form of its own. */
const { countingPath: _countingPath, ...messages } = anthropicWire

/** Claude on Vertex AI: Messages with the version in the body and the model in the path. */
export const vertexClaudeWire: Wire = {
  ...messages,
  ...vertexAccess,
  id: 'vertex-claude',
  pathsFor,
  editPassthrough: (body) => addVersion(editPassthrough(body)),
  encodeRequest: encodeForVertex,
}

const version = { anthropic_version: 'vertex-2023-10-16' } as const

function pathsFor(target: PathTarget): WirePaths {
  const model = findVertexModel(target, 'anthropic')
  return {
    chat: `${model}:rawPredict`,
    chatStream: `${model}:streamRawPredict`,
    completion: null,
    embedding: null,
  }
}

function addVersion(edits: BodyEdits): BodyEdits {
  return { ...edits, set: { ...edits.set, ...version } }
}

function encodeForVertex(request: ConversationRequest, target: WireTarget): EncodedRequest {
  const encoded = encodeRequest(request, target)
  const { model: _, ...body }: JsonRecord = encoded.body
  return { ...encoded, body: { ...version, ...body } }
}
