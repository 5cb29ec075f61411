import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { readRecord, readRecords } from '../../conversation/json-value.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { readVectors } from '../read-vectors.ts'
import type { EmbeddingCodec } from '../wire.ts'
import { decodeUsage } from './decode-usage.ts'

/** What the provider knows of one text besides the text. */
const ownMembers = ['taskType', 'title'] as const

/** `:batchEmbedContents`; one text is a batch of one. */
export const geminiEmbeddings: EmbeddingCodec = {
  encode({ inputs, dimensions, extra, user }: EmbeddingRequest, { upstreamModel }) {
    const shared: Record<string, unknown> = { model: `models/${upstreamModel}` }
    if (dimensions !== null) shared['outputDimensionality'] = dimensions
    for (const name of ownMembers) if (extra[name] !== undefined) shared[name] = extra[name]
    const requests = inputs.map((text) => ({ ...shared, content: { parts: [{ text }] } }))
    const lost = Object.keys(extra).filter((name) => !(name in shared))
    return { body: { requests }, dropped: user === null ? lost : [...lost, 'user'] }
  },
  decode(value: unknown): EmbeddingReply {
    const body = readRecord(value)
    const values = readRecords(body?.['embeddings']).map((embedding) => embedding['values'])
    const vectors = readVectors(values)
    if (vectors === null || vectors.length === 0) throw malformedAnswer('it has no embeddings')
    return { vectors, usage: decodeUsage(body?.['usageMetadata']) }
  },
}
