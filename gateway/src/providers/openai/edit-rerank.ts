import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { WireTarget } from '../wire.ts'
import type { PendingEdits } from './vendor-edits.ts'

/**
 * What a vendor of reranking needs changed in Cohere's form. Sources: docs.cohere.com (v2/rerank takes text documents
 * and gives none back), docs.voyageai.com (`top_k`).
 */
export function editRerank(body: JsonRecord, target: WireTarget, edits: PendingEdits): void {
  const quirks = target.provider.quirks.rerank
  if (quirks === undefined) return
  const { top_n: top, documents } = body
  if (quirks.topField !== undefined && top !== undefined) {
    edits.remove.push('top_n')
    edits.set[quirks.topField] = top
  }
  if (quirks.returnsNoDocuments && body['return_documents'] !== undefined)
    edits.remove.push('return_documents')
  if (quirks.textDocuments && Array.isArray(documents)) editDocuments(body, documents, edits)
}

function editDocuments(body: JsonRecord, documents: readonly unknown[], edits: PendingEdits): void {
  const fields = body['rank_fields']
  if (fields !== undefined) edits.remove.push('rank_fields')
  if (documents.every((document) => typeof document === 'string')) return
  const chosen = Array.isArray(fields) ? new Set<unknown>(fields) : null
  edits.set['documents'] = documents.map((document) => formatDocument(document, chosen))
}

/** The text of `{text}`, else `name: value` lines of the members that are to be ranked. */
function formatDocument(document: unknown, fields: ReadonlySet<unknown> | null): unknown {
  const record = readRecord(document)
  if (record === null) return document
  if (fields === null && typeof record['text'] === 'string') return record['text']
  return Object.entries(record)
    .filter(([name]) => fields === null || fields.has(name))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
}
