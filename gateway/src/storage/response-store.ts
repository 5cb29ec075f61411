/** One answer kept for later turns, with the input it answered. Times are epoch milliseconds. */
export interface StoredResponse {
  readonly id: string
  /** Whose it is; it is never found under another owner. */
  readonly owner: string
  /** The response it continued, null for the first of a conversation. */
  readonly previousId: string | null
  /** The name the caller asked for. */
  readonly model: string
  /** Opaque to the store, because it may be encrypted. */
  readonly content: string
  readonly createdAt: number
  readonly expiresAt: number
}

/**
 * Where answers are kept that requests may refer to. Every method rejects with GatewayError `storage_unavailable` when
 * the database does not answer. What has expired is not found, purged or not.
 */
export interface ResponseStore {
  /** Rejects with `conflict` when the id is already taken. */
  save(response: StoredResponse): Promise<void>
  find(id: string, owner: string): Promise<StoredResponse | null>
  /** A response and all it continued, the oldest first; empty when the response itself is not found. */
  findChain(id: string, owner: string): Promise<readonly StoredResponse[]>
  /** Whether there was one to delete. */
  delete(id: string, owner: string): Promise<boolean>
  /** Removes what has expired, at most `limit` of it, and returns how many there were. */
  purge(limit: number): Promise<number>
}
