import type { ChainedRecord } from '../../audit/audit-chain.ts'
import { type AuditRecord, nameMembers } from '../../audit/audit-record.ts'
import type { Checkpoint } from '../../audit/checkpoint.ts'

export interface AuditRow {
  readonly chain: string
  readonly seq: string
  readonly id: string
  readonly timestamp: Date
  readonly request_id: string | null
  readonly actor_type: AuditRecord['actorType']
  readonly actor_id: string | null
  readonly action: string
  readonly resource_type: string
  readonly resource_id: string | null
  readonly outcome: AuditRecord['outcome']
  readonly outcome_reason: string | null
  readonly metadata: AuditRecord['metadata']
  readonly previous_hash: string
  readonly hash: string
}

export function readRow(row: AuditRow): ChainedRecord {
  return {
    chain: row.chain,
    seq: Number(row.seq),
    id: row.id,
    timestamp: row.timestamp.getTime(),
    requestId: row.request_id,
    actorType: row.actor_type,
    actorId: row.actor_id,
    action: row.action,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    outcome: row.outcome,
    outcomeReason: row.outcome_reason,
    metadata: row.metadata,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

/** As `jsonb_to_recordset` reads it. */
export function writeRow(record: ChainedRecord): object {
  return {
    ...{ chain: record.chain, seq: record.seq },
    ...nameMembers(record),
    previous_hash: record.previousHash,
    hash: record.hash,
  }
}

export interface CheckpointRow {
  readonly chain: string
  readonly seq: string
  readonly kind: Checkpoint['kind']
  readonly hash: string
  readonly at: Date
  readonly key_id: string | null
  readonly signature: string | null
}

export function readCheckpoint({ seq, at, key_id, ...row }: CheckpointRow): Checkpoint {
  return {
    ...{ chain: row.chain, kind: row.kind, hash: row.hash, signature: row.signature },
    ...{ seq: Number(seq), at: at.getTime(), keyId: key_id },
  }
}
