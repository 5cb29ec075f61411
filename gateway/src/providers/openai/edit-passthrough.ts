import { isGatewayMember } from '../../conversation/gateway-members.ts'
import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { isTextOperation, type Operation } from '../../conversation/operation.ts'
import { type BodyEdits, noEdits } from '../passthrough-edits.ts'
import type { WireTarget } from '../wire.ts'
import { collectVendorEdits, type PendingEdits } from './vendor-edits.ts'

/**
 * What must change in a caller's OpenAI-dialect body before its bytes go to a vendor of the same wire, `model`
 * aside. Nothing is serialised here, and the body is not changed. Errors: 400 `unsupported_parameter`.
 */
export function editPassthrough(body: JsonRecord, target: WireTarget, operation: Operation): BodyEdits {
  const edits: PendingEdits = { remove: [], set: {}, dropped: [] }
  for (const name in body) {
    if (isGatewayMember(name)) edits.remove.push(name)
  }
  if (operation === 'chat') collectVendorEdits(body, target, edits)
  if (operation === 'embedding') editEmbedding(body, target, edits)
  if (isTextOperation(operation)) editStreamOptions(body, target, edits)
  if (operation === 'chat' && body['metadata'] !== undefined && !isStoredMetadata(body))
    edits.remove.push('metadata')
  if (edits.remove.length > 0) return edits
  for (const _ in edits.set) return edits
  return noEdits
}

/** Usage is always asked for, where the vendor can report it. */
function editStreamOptions(body: JsonRecord, target: WireTarget, edits: PendingEdits): void {
  const options = body['stream_options']
  if (target.provider.quirks.supportsStreamUsage === false || body['stream'] !== true) {
    if (options !== undefined) edits.remove.push('stream_options')
    return
  }
  const record = readRecord(options)
  if (record?.['include_usage'] !== true) edits.set['stream_options'] = { ...record, include_usage: true }
}

/** Floats are asked for when the vendor has no base64; the caller's answer is encoded by the gateway. */
function editEmbedding(body: JsonRecord, target: WireTarget, edits: PendingEdits): void {
  const isRefused = target.provider.quirks.supportsBase64Embeddings === false
  if (isRefused && body['encoding_format'] === 'base64') edits.remove.push('encoding_format')
}

/** On this dialect metadata feeds tags and logs; only stored completions carry it, with string values. */
function isStoredMetadata(body: JsonRecord): boolean {
  const metadata = readRecord(body['metadata'])
  if (metadata === null || body['store'] !== true) return false
  return Object.values(metadata).every((value) => typeof value === 'string')
}
