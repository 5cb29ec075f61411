import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { invalidField, optionalInteger, optionalString } from '../field-reader.ts'

/** Members that are read, that name the delivery, or that speak to the gateway. */
const understood = new Set(['model', 'input', 'dimensions', 'user', 'encoding_format', 'metadata'])

/** An embedding request of OpenAI's form. Errors: 400 for token lists, which only the model's own vendor can read. */
export function parseEmbeddingRequest(body: JsonRecord, model: string): EmbeddingRequest {
  const extra: Record<string, unknown> = {}
  for (const name in body) if (!understood.has(name)) extra[name] = body[name]
  return {
    model,
    inputs: parseInputs(body['input']),
    dimensions: optionalInteger(body, 'dimensions', 1),
    user: optionalString(body, 'user'),
    extra,
  }
}

function parseInputs(input: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  return list.map((text) => {
    if (typeof text !== 'string') throw invalidField('input', 'text or a list of texts for this model')
    return text
  })
}

export function formatEmbeddings({ vectors, usage }: EmbeddingReply, model: string): JsonRecord {
  const tokens = usage?.inputTokens ?? 0
  return {
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
