import type { ErrorCode } from '@routeiq/contract'
import type { Usage } from '../../conversation/usage.ts'
import type { BillColumns } from '../../pricing/bill-columns.ts'

/**
 * One line of the append-only spend ledger: one upstream attempt that was billed, or the final failure of a
 * request. Times are epoch milliseconds; never bodies, never credentials.
 */
export interface SpendRow extends BillColumns {
  readonly requestId: string
  /** 1 for the first upstream call of the request. */
  readonly attempt: number
  /** LiteLLM's name of the operation: `acompletion`, `atext_completion`, `aembedding`, … */
  readonly callType: string
  readonly dialect: string
  readonly startedAt: number
  readonly firstTokenAt: number | null
  readonly endedAt: number
  readonly keyHash: string | null
  readonly userId: string | null
  readonly teamId: string | null
  readonly organizationId: string | null
  readonly workspaceId: string | null
  readonly endUser: string | null
  readonly tags: readonly string[]
  readonly requestedModel: string
  readonly modelGroup: string | null
  readonly deploymentId: string | null
  readonly provider: string | null
  readonly upstreamModel: string | null
  readonly apiBase: string | null
  /** HTTP status sent to the caller. */
  readonly status: number
  readonly errorCode: ErrorCode | null
  /** Null when the attempt used nothing. */
  readonly usage: Usage | null
  /** The usage was counted here because the provider reported none. */
  readonly estimated: boolean
  readonly cacheHit: boolean
  readonly strategy: string | null
  readonly retries: number
  readonly fallbacks: number
  readonly sessionId: string | null
  readonly clientIpHash: string | null
}

/**
 * Lines of one journal segment that follow each other, unread. The segment and the number of its line make the
 * identity of a row, `<segment>:<line>`, so that a replay produces the same one.
 */
export interface SpendLines {
  readonly segment: string
  /** Number of the first line within its segment, from 0. */
  readonly firstLine: number
  readonly count: number
  /** UTF-8; a line feed between lines, none after the last. */
  readonly text: Buffer
}

export interface SpendQuery {
  readonly requestId?: string
  readonly keyHash?: string
  readonly userId?: string
  readonly teamId?: string
  /** Only rows that started at or after this time, and before that one. */
  readonly since?: number
  readonly until?: number
  readonly limit: number
  /** Rows to leave out at the beginning. */
  readonly offset?: number
}

/** Whom activity is told by. */
export type ActivityEntity = 'user' | 'team' | 'organization' | 'customer' | 'tag'

export interface ActivityQuery {
  readonly entity: ActivityEntity
  /** All of them unless given. */
  readonly ids?: readonly string[]
  readonly keyHash?: string
  /** The name that was asked for, its group, or the provider's model. */
  readonly model?: string
  /** Epoch milliseconds, `until` excluded. */
  readonly since: number
  readonly until: number
  /** Minutes that UTC is ahead of the days. */
  readonly offsetMinutes: number
}

/** What the calls of one day came to, all of them or those of one model, provider, key, … */
export interface ActivitySum {
  /** `YYYY-MM-DD`. */
  readonly day: string
  readonly dimension: 'all' | 'model' | 'model_group' | 'provider' | 'endpoint' | 'key' | 'entity'
  /** Null for calls without one, and for all. */
  readonly id: string | null
  readonly spendNanoUsd: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly requests: number
  readonly failed: number
  /** All of them together. */
  readonly durationMs: number
  /** Of a key that is there still. */
  readonly key: { readonly alias: string | null; readonly teamId: string | null } | null
}

/** Reading and filling the ledger. Rejects with GatewayError `storage_unavailable` when the database is away. */
export interface SpendLedger {
  /** All lines or none. Inserting one that is already there does nothing. */
  insert(lines: SpendLines): Promise<void>
  /** Newest first. */
  listSpend(query: SpendQuery): Promise<readonly SpendRow[]>
  /** How many rows there are of these, whatever the limit. */
  countSpend(query: SpendQuery): Promise<number>
  /** Latest day first, then by spend. */
  sumActivity(query: ActivityQuery): Promise<readonly ActivitySum[]>
  /** Deletes up to `limit` rows that started before this time; how many it were. Sums stay. */
  deleteSpend(before: number, limit: number): Promise<number>
}
