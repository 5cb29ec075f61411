import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { readNumber, readRecord, readRecords } from '../../conversation/json-value.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { readVectors } from '../read-vectors.ts'
import { formatUpstreamModel } from '../upstream-model.ts'
import type { EmbeddingCodec } from '../wire.ts'
import { decodeUsage } from './decode-usage.ts'

/** `/embeddings`, for clients of another dialect; those of this one are passed through. */
export const openaiEmbeddings: EmbeddingCodec = {
  encode({ inputs, dimensions, user, extra }: EmbeddingRequest, { provider, upstreamModel }) {
    const body: Record<string, unknown> = {
      model: formatUpstreamModel(provider, upstreamModel),
      input: inputs,
      encoding_format: 'float',
    }
    if (dimensions !== null) body['dimensions'] = dimensions
    if (user !== null) body['user'] = user
    return { body, dropped: Object.keys(extra) }
  },
  decode(value: unknown): EmbeddingReply {
    const body = readRecord(value)
    const data = readRecords(body?.['data']).toSorted((a, b) => indexOf(a) - indexOf(b))
    const vectors = readVectors(data.map((entry) => entry['embedding']))
    if (vectors === null || vectors.length === 0) throw malformedAnswer('it has no embeddings')
    return { vectors, usage: decodeUsage(body?.['usage']) }
  },
}

function indexOf(entry: Readonly<Record<string, unknown>>): number {
  return readNumber(entry['index']) ?? 0
}
