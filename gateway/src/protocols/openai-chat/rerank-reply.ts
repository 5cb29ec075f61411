import { parseJson, readList, readNumber, readRecord, readRecords } from '../../conversation/json-value.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PlainReply } from '../../relay/relay.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'

/**
 * A reranking answer in Cohere's form (`results`), whatever the vendor's is: Voyage lists `data`, Jina and vLLM
 * `results` with usage in tokens, Cohere bills search units. Members nobody knows survive. Documents are put in when
 * the client asked for them and the vendor gives none.
 */
export function readRerankReply(body: Buffer, options: PassthroughOptions): PlainReply | UpstreamFailure {
  const text = body.toString('utf8')
  const answer = readRecord(parseJson(text))
  if (answer === null) return unreadableAnswer('something that is not JSON')
  if (answer['error'] !== undefined && answer['error'] !== null) return options.decodeError(text)
  const { data, results, object: _object, ...rest } = answer
  const listed = Array.isArray(results) ? results : data
  if (!Array.isArray(listed)) return unreadableAnswer('without `results`')
  const meta = readRecord(answer['meta']) ?? {}
  const billed = readRecord(meta['billed_units']) ?? {}
  const units = readNumber(billed['search_units'])
  const shown = {
    id: null,
    ...rest,
    ...(rest['model'] === undefined ? {} : { model: options.requestedModel }),
    results: readRecords(listed).map((result) => addDocument(result, options)),
    meta: units === null ? { ...meta, billed_units: { ...billed, search_units: 1 } } : meta,
  }
  return {
    body: Buffer.from(JSON.stringify(shown)),
    usage: options.decodeUsage(answer['usage'] ?? meta['tokens']),
    terms: { units: { query: units ?? 1 } },
  }
}

/** `document` is an object in Cohere's form; Voyage gives bare text. */
function addDocument(result: Readonly<Record<string, unknown>>, { body }: PassthroughOptions): object {
  const { document, ...rest } = result
  const given =
    document ?? (body['return_documents'] === true ? documentAt(body, result['index']) : undefined)
  if (given === undefined || given === null) return rest
  return { ...rest, document: typeof given === 'string' ? { text: given } : given }
}

function documentAt(body: PassthroughOptions['body'], index: unknown): unknown {
  return typeof index === 'number' ? readList(body['documents'])[index] : undefined
}
