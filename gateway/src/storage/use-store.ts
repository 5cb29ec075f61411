/** What was added to a counter. */
export interface UseRow {
  readonly subject: string
  readonly group: string
  readonly amount: number
  /** Epoch milliseconds; null for a counter without end. */
  readonly endsAt: number | null
}

/** Counters of what was used against quotas and usage policies. Rejects with `storage_unavailable` when the database is away. */
export interface UseStore {
  /** 0 for a counter nobody has counted on. */
  read(subject: string, group: string): Promise<number>
  /** All rows or none. */
  add(rows: readonly UseRow[]): Promise<void>
  /** The groups of a subject that were used, most first. */
  list(subject: string, limit: number): Promise<readonly { readonly group: string; readonly used: number }[]>
  /** Deletes counters whose window ended before this time. */
  purge(before: number): Promise<void>
}
