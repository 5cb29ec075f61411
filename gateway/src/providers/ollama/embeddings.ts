import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { readVectors } from '../read-vectors.ts'
import type { EmbeddingCodec } from '../wire.ts'

const ownMembers = new Set(['truncate', 'keep_alive', 'options'])

/** `/api/embed`. */
export const ollamaEmbeddings: EmbeddingCodec = {
  encode({ inputs, dimensions, extra, user }: EmbeddingRequest, { upstreamModel }) {
    const body: Record<string, unknown> = { model: upstreamModel, input: inputs }
    const dropped = user === null ? [] : ['user']
    if (dimensions !== null) body['dimensions'] = dimensions
    for (const name in extra) {
      if (ownMembers.has(name)) body[name] = extra[name]
      else dropped.push(name)
    }
    return { body, dropped }
  },
  decode(value: unknown): EmbeddingReply {
    const body = readRecord(value)
    const vectors = readVectors(body?.['embeddings'])
    if (vectors === null) throw malformedAnswer('it has no embeddings')
    const inputTokens = readNumber(body?.['prompt_eval_count'])
    return { vectors, usage: inputTokens === null ? null : { ...zeroUsage, inputTokens } }
  },
}
