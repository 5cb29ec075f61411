import { createHash } from 'node:crypto'
import { canonicalJson } from '../json/canonical-json.ts'
import type { AuditRecord } from './audit-record.ts'

/** Where in its chain a row stands. */
export interface ChainPosition {
  /** From 1, without gaps. */
  readonly seq: number
  /** Of the row with this number, 64 hexadecimal digits. */
  readonly hash: string
}

export interface ChainedRecord extends AuditRecord {
  /** The node that wrote it. */
  readonly chain: string
  readonly seq: number
  readonly previousHash: string
  readonly hash: string
}

/** Before the first row. */
export const chainStart: ChainPosition = { seq: 0, hash: '0'.repeat(64) }

/** Appends records to a chain that ends at `last`. */
export function chainRecords(
  chain: string,
  last: ChainPosition,
  records: readonly AuditRecord[],
): ChainedRecord[] {
  let { seq, hash } = last
  return records.map((record) => {
    const previousHash = hash
    seq += 1
    hash = hashRow(previousHash, { ...record, chain, seq })
    return { ...record, chain, seq, previousHash, hash }
  })
}

/**
 * SHA-256 over the previous hash, as its hexadecimal digits, and the row as canonical JSON (RFC 8785), the
 * time as ISO 8601 in UTC with milliseconds.
 */
export function hashRow(
  previousHash: string,
  row: AuditRecord & Pick<ChainedRecord, 'chain' | 'seq'>,
): string {
  const { timestamp, ...rest } = pickSigned(row)
  const canonical = canonicalJson({ ...rest, timestamp: new Date(timestamp).toISOString() })
  return createHash('sha256').update(previousHash).update(canonical).digest('hex')
}

/** The members a hash covers: all but the hashes themselves. */
function pickSigned({
  chain,
  seq,
  id,
  timestamp,
  requestId,
  actorType,
  actorId,
  action,
  resourceType,
  resourceId,
  outcome,
  outcomeReason,
  metadata,
}: AuditRecord & Pick<ChainedRecord, 'chain' | 'seq'>) {
  return {
    ...{ chain, seq, id, timestamp, requestId, actorType, actorId, action, resourceType, resourceId },
    ...{ outcome, outcomeReason, metadata },
  }
}
