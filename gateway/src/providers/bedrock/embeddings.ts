import { GatewayError } from '@routeiq/contract'
import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { readNumber, readRecord } from '../../conversation/json-value.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { malformedAnswer } from '../malformed-answer.ts'
import { readVectors } from '../read-vectors.ts'
import type { EmbeddingCodec } from '../wire.ts'

type Encoded = ReturnType<EmbeddingCodec['encode']>

const cohereMembers = new Set(['input_type', 'truncate', 'max_tokens'])

/** Whether a model answers `/invoke` with vectors: Amazon's Titan and Cohere's models. */
export function makesEmbeddings(upstreamModel: string): boolean {
  return isTitan(upstreamModel) || upstreamModel.includes('cohere.embed')
}

function isTitan(upstreamModel: string): boolean {
  return upstreamModel.includes('amazon.titan-embed')
}

/** `/invoke` in the form of each maker (AWS, "Inference request parameters and response fields"). */
export const bedrockEmbeddings: EmbeddingCodec = {
  encode: (request, { upstreamModel }) =>
    isTitan(upstreamModel) ? encodeForTitan(request) : encodeForCohere(request),
  decode(value: unknown): EmbeddingReply {
    const body = readRecord(value)
    const found = body?.['embedding'] === undefined ? body?.['embeddings'] : [body['embedding']]
    const vectors = readVectors(readRecord(found)?.['float'] ?? found)
    if (vectors === null) throw malformedAnswer('it has no embeddings')
    const inputTokens = readNumber(body?.['inputTextTokenCount'])
    return { vectors, usage: inputTokens === null ? null : { ...zeroUsage, inputTokens } }
  },
}

/** Errors: 400 for several texts, of which the model takes one at a time. */
function encodeForTitan({ inputs, dimensions, extra, user }: EmbeddingRequest): Encoded {
  const [inputText, ...others] = inputs
  if (others.length > 0)
    throw new GatewayError(
      'unsupported_parameter',
      'Titan makes the embedding of one text a request; send the texts of `input` one by one.',
      { param: 'input' },
    )
  const body: Record<string, unknown> = { inputText }
  if (dimensions !== null) body['dimensions'] = dimensions
  return addExtra(body, extra, user, (name) => name === 'normalize')
}

/** What the texts are for must be said: documents to be searched, unless the caller says else. */
function encodeForCohere({ inputs, dimensions, extra, user }: EmbeddingRequest): Encoded {
  const body: Record<string, unknown> = { texts: inputs, input_type: 'search_document' }
  if (dimensions !== null) body['output_dimension'] = dimensions
  return addExtra(body, extra, user, (name) => cohereMembers.has(name))
}

function addExtra(
  body: Record<string, unknown>,
  extra: EmbeddingRequest['extra'],
  user: string | null,
  isOwn: (name: string) => boolean,
): Encoded {
  const dropped = user === null ? [] : ['user']
  for (const name in extra) {
    if (isOwn(name)) body[name] = extra[name]
    else dropped.push(name)
  }
  return { body, dropped }
}
