import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { readVectors } from '../read-vectors.ts'
import type { EmbeddingCodec } from '../wire.ts'

const ownMembers = new Set(['input_type', 'truncate', 'max_tokens', 'priority'])

/** `/v2/embed`. What the texts are for must be said there: documents to be searched, unless the caller says else. */
export const cohereEmbeddings: EmbeddingCodec = {
  encode({ inputs, dimensions, extra, user }: EmbeddingRequest, { upstreamModel }) {
    const body: Record<string, unknown> = {
      model: upstreamModel,
      texts: inputs,
      input_type: 'search_document',
      embedding_types: ['float'],
    }
    const dropped = user === null ? [] : ['user']
    if (dimensions !== null) body['output_dimension'] = dimensions
    for (const name in extra) {
      if (ownMembers.has(name)) body[name] = extra[name]
      else dropped.push(name)
    }
    return { body, dropped }
  },
  decode(value: unknown): EmbeddingReply {
    const body = readRecord(value)
    const vectors = readVectors(readRecord(body?.['embeddings'])?.['float'])
    if (vectors === null) throw malformedAnswer('it has no embeddings')
    const billed = readRecord(readRecord(body?.['meta'])?.['billed_units'])
    const inputTokens = readNumber(billed?.['input_tokens'])
    return { vectors, usage: inputTokens === null ? null : { ...zeroUsage, inputTokens } }
  },
}
