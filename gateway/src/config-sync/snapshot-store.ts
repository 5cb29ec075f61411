/** The last good configuration of a place, as it is shared by replicas and kept for the next start. */
export interface ConfigSnapshot {
  /** Grows with every document. */
  readonly version: number
  readonly etag: string | null
  /** Sealed. */
  readonly content: string
}

export interface NewSnapshot extends Omit<ConfigSnapshot, 'version'> {
  /** Digest of the place. */
  readonly source: string
  /** Of the leader that fetched it; null for whoever was told to fetch by an operator. */
  readonly token: number | null
}

/** Errors: `storage_unavailable`. */
export interface SnapshotStore {
  /** 0 where there is none. */
  version(source: string): Promise<number>
  read(source: string): Promise<ConfigSnapshot | null>
  /** The version it got; null, and nothing is kept, when a later leader has written before. */
  publish(snapshot: NewSnapshot): Promise<number | null>
}
