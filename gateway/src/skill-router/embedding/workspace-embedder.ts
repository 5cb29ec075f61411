/** An embedding model that a workspace brings itself: a server that speaks OpenAI's `/embeddings`. */
export interface WorkspaceEmbedder {
  readonly workspaceId: string
  /** The whole address, `/embeddings` included. */
  readonly url: string
  readonly model: string
  readonly dimensions: number
  /** As it is stored: sealed where there is a salt key. Null for a server that asks for none. */
  readonly apiKey: string | null
}

/** Where they are kept. Rejects with `storage_unavailable` when the database does not answer. */
export interface WorkspaceEmbedderStore {
  list(): Promise<readonly WorkspaceEmbedder[]>
  set(embedder: WorkspaceEmbedder): Promise<void>
  /** Whether there was one. */
  remove(workspaceId: string): Promise<boolean>
}
