export interface Lease {
  readonly name: string
  /** Who asks; the same text renews. */
  readonly holder: string
  readonly ttlMs: number
}

/** Leases that one holder has at a time, kept where every replica sees them, and timed by the clock there. */
export interface LeaseStore {
  /**
   * Takes a free lease, or renews one's own. The answer is the fencing token, which grows with every change of hands; null
   * while somebody else has the lease. Errors: rejects when the store does not answer.
   */
  acquire(lease: Lease): Promise<number | null>
  /** Gives one's own lease back; that of another stays. */
  release(name: string, holder: string): Promise<void>
}
