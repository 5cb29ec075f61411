/** One part of an agent: a prompt, tool, model, … */
export interface ManifestComponent {
  readonly component_type: string
  readonly component_name: string
  readonly component_version?: string | null | undefined
  readonly content_hash?: string | null | undefined
  readonly schema_json?: unknown
}

/** What an agent was made of when its traces were recorded. */
export interface Manifest {
  readonly id: string
  readonly agentName: string
  readonly manifestHash: string
  /** `v1`, `v2`, … by agent, unless its author named it. */
  readonly versionLabel: string
  readonly status: 'active' | 'superseded'
  /** The one that was active before it was registered. */
  readonly parentId: string | null
  readonly detectionSource: string | null
  readonly components: readonly ManifestComponent[]
  readonly details: Readonly<Record<string, unknown>>
  readonly createdAt: number
}

export interface ManifestDraft extends Omit<Manifest, 'versionLabel' | 'status' | 'parentId'> {
  /** Null for the next number. */
  readonly versionLabel: string | null
}

/** Manifests, each in its workspace. Rejects with `storage_unavailable` when the database does not answer. */
export interface ManifestStore {
  /**
   * Registers what is new under its agent and hash, and makes it the active one. Rejects with `conflict` when the id
   * belongs to another manifest.
   */
  registerManifest(
    workspaceId: string,
    draft: ManifestDraft,
  ): Promise<{ readonly manifest: Manifest; readonly isNew: boolean }>
  findManifest(workspaceId: string, id: string): Promise<Manifest | null>
  /** The newest first. */
  listManifests(
    workspaceId: string,
    query: { readonly agentName: string | null; readonly limit: number; readonly offset: number },
  ): Promise<{ readonly manifests: readonly Manifest[]; readonly total: number }>
}
