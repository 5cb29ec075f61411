import type { EmbeddingReply, EmbeddingRequest } from '../../conversation/embedding.ts'
import { type JsonRecord, readNumber, readText } from '../../conversation/json-value.ts'
import { invalidField, requireList, requireRecord } from '../field-reader.ts'
import type { EmbeddingForm } from '../protocol.ts'
import { readMember } from './read-member.ts'

/** `embedContent`, and `batchEmbedContents` with its `requests`. */
export const generateEmbeddings: EmbeddingForm = { parse, format }

/** Options count for the whole batch, as the first request states them. Errors: 400 for media, which have no text. */
function parse(body: JsonRecord, model: string): EmbeddingRequest {
  const requests = listRequests(body)
  const [first] = requests
  const extra: Record<string, unknown> = {}
  for (const name of ['taskType', 'title']) {
    const value = readMember(first ?? {}, name)
    if (value !== undefined) extra[name] = value
  }
  return {
    model,
    inputs: requests.map((request, index) => readInput(request['content'], `requests[${index}].content`)),
    dimensions: readNumber(readMember(first ?? {}, 'outputDimensionality')),
    user: null,
    extra,
  }
}

function listRequests(body: JsonRecord): readonly JsonRecord[] {
  if (body['requests'] === undefined) return [body]
  const requests = requireList(body['requests'], 'requests')
  if (requests.length === 0) throw invalidField('requests', 'at least one request')
  return requests.map((request, index) => requireRecord(request, `requests[${index}]`))
}

function readInput(content: unknown, path: string): string {
  if (typeof content === 'string') return content
  const parts = requireRecord(content, path)['parts']
  const list = Array.isArray(parts) ? parts : [parts]
  const texts = list.map((part, index) => {
    const text = readText(requireRecord(part, `${path}.parts[${index}]`)['text'])
    if (text === null) throw invalidField(`${path}.parts[${index}]`, 'a part with text')
    return text
  })
  return texts.join('\n')
}

function format({ vectors }: EmbeddingReply, _: string, body: JsonRecord): JsonRecord {
  const embeddings = vectors.map((values) => ({ values }))
  return body['requests'] === undefined ? { embedding: embeddings[0] } : { embeddings }
}
