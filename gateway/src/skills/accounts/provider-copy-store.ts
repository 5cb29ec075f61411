/** A skill at a vendor that holds the same files as a version here. */
export interface ProviderCopy {
  readonly providerSkillId: string
  readonly providerVersion: string
}

/** A copy with what it is a copy of. */
export interface KeptCopy extends ProviderCopy {
  readonly fingerprint: string
  readonly treeDigest: string
}

/**
 * Which copies there are. Rejects with GatewayError `storage_unavailable` when the database does not answer. Arguments and
 * results can be cloned, since workers reach it over IPC.
 */
export interface ProviderCopyStore {
  find(fingerprint: string, treeDigest: string): Promise<ProviderCopy | null>
  /** Keeps a copy, unless there is one already; the one that stands. */
  save(copy: KeptCopy): Promise<ProviderCopy>
  /** Whether a skill of the account is one of the copies. */
  isCopy(fingerprint: string, providerSkillId: string): Promise<boolean>
  markUsed(fingerprint: string, treeDigest: string): Promise<void>
  remove(fingerprint: string, providerSkillId: string): Promise<void>
  /** Takes out the copies that were not used since; epoch milliseconds. */
  takeUnused(since: number): Promise<readonly KeptCopy[]>
}
