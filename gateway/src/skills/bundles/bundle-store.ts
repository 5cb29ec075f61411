/** A named set of skills, each with an optional pin. Times are epoch milliseconds. */
export interface Bundle {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly skills: readonly BundledSkill[]
  readonly createdAt: number
  readonly updatedAt: number
}

interface BundledSkill {
  readonly skillId: string
  /** Null when the skill is gone or no longer visible. */
  readonly skillName: string | null
  readonly pinnedVersionId: string | null
}

export interface BundleDraft {
  readonly name: string
  readonly description: string
  readonly skills: readonly { readonly skillId: string; readonly pinnedVersionId: string | null }[]
}

/** Bundles of a workspace. Rejects with `storage_unavailable` when the database does not answer. */
export interface BundleStore {
  /** By name. */
  list(workspaceId: string): Promise<readonly Bundle[]>
  /** By id or name. */
  find(workspaceId: string, reference: string): Promise<Bundle | null>
  /** A null id makes a new one. Errors: `conflict` when the name is taken. Null when there is no such bundle. */
  save(workspaceId: string, id: string | null, draft: BundleDraft): Promise<Bundle | null>
  /** Whether there was one. */
  delete(workspaceId: string, id: string): Promise<boolean>
}
