import { isGatewayMember } from '../conversation/gateway-members.ts'
import { type JsonRecord, readRecord } from '../conversation/json-value.ts'
import type { MediaOperation } from '../conversation/operation.ts'
import type { BodyEdits } from './passthrough-edits.ts'
import type { WireTarget } from './wire.ts'

/** Edits being gathered. */
interface PendingEdits {
  readonly remove: string[]
  readonly set: Record<string, unknown>
  readonly dropped: string[]
}

/**
 * What must change in the body of an image, audio, moderation or reranking request before it goes to a vendor, `model`
 * aside. These bodies are the same on every wire that has the operation.
 */
export function editMedia(body: JsonRecord, target: WireTarget, operation: MediaOperation): BodyEdits {
  const edits: PendingEdits = { remove: [], set: {}, dropped: [] }
  for (const name in body) if (isGatewayMember(name)) edits.remove.push(name)
  if (operation === 'rerank') editRerank(body, target, edits)
  return edits
}

/**
 * What a vendor of reranking needs changed in Cohere's form. Sources: docs.cohere.com (v2/rerank takes text documents
 * and gives none back), docs.voyageai.com (`top_k`).
 */
function editRerank(body: JsonRecord, target: WireTarget, edits: PendingEdits): void {
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
