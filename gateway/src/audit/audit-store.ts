import type { ChainedRecord, ChainPosition } from './audit-chain.ts'
import type { AuditOutcome, AuditRecord } from './audit-record.ts'
import type { Checkpoint } from './checkpoint.ts'

/** What is looked for; members that are left out match everything. */
export interface AuditQuery {
  /** An action, or a prefix that ends with `*`. */
  readonly action?: string
  /** The id of a user, or a digest of a key or its beginning. */
  readonly actor?: string
  readonly resourceType?: string
  readonly resourceId?: string
  readonly outcome?: AuditOutcome
  readonly requestId?: string
  /** Epoch milliseconds, `until` excluded. */
  readonly since?: number
  readonly until?: number
  readonly limit: number
  /** The last row of the page before. */
  readonly after?: AuditCursor
}

/** Rows come newest first. */
export interface AuditCursor {
  readonly timestamp: number
  readonly id: string
}

/** What a row says of a person, kept beside it. */
export interface PersonalValue {
  readonly auditId: string
  readonly member: string
  readonly salt: string
  readonly value: string
}

/** A part of a chain as it is stored: persons are digests, their values beside. */
export interface ChainPart {
  readonly rows: readonly ChainedRecord[]
  readonly personal: readonly PersonalValue[]
}

/** A chain, where it ends, and everything that was stated of it. */
export interface ChainSummary extends ChainPosition {
  readonly chain: string
  readonly checkpoints: readonly Checkpoint[]
}

/** Where the audit log is. Rejects with `storage_unavailable` when the database is away. */
export interface AuditStore {
  /** Adds rows to the end of this node's chain; rows that are there already are left out. */
  append(records: readonly AuditRecord[]): Promise<void>
  /** Resolves where a row could be written now. */
  probe(): Promise<void>
  list(query: AuditQuery): Promise<readonly AuditRecord[]>
  /** Forgets everything the log says of a person; rows and chains stay. Returns how many values went. */
  erasePerson(value: string): Promise<number>
  chains(): Promise<readonly ChainSummary[]>
  /** The next rows of a chain, in order. */
  readChain(chain: string, afterSeq: number, limit: number): Promise<ChainPart>
}
