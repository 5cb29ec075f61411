import type { StoredServer } from './server-store.ts'

/** A tool server that was proposed. Times are epoch milliseconds, people digests of keys. */
export interface Submission extends Pick<StoredServer, 'serverId' | 'settings' | 'secrets'> {
  readonly status: 'pending_review' | 'rejected'
  readonly submittedAt: number
  readonly submittedBy: string | null
  readonly reviewedAt: number | null
  readonly reviewedBy: string | null
  readonly reviewNotes: string | null
}

export type NewSubmission = Pick<Submission, 'serverId' | 'settings' | 'secrets' | 'submittedBy'>

/** Where proposed tool servers are kept. Rejects with `storage_unavailable` when the database is away. */
export interface McpSubmissionStore {
  /** In place of an earlier one of the same submitter. False when the id is somebody else's, or the submitter has too many. */
  put(submission: NewSubmission, most: number): Promise<boolean>
  /** The newest first. */
  list(): Promise<readonly Submission[]>
  find(serverId: string): Promise<Submission | null>
  /** False when there is none. */
  reject(serverId: string, actor: string | null, notes: string | null): Promise<boolean>
  remove(serverId: string): Promise<boolean>
}
