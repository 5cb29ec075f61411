/**
 * Requests that led to a successful activation, by skill id: what the index learns from. Empty where content capture
 * is off, since no text is kept then. Rejects with `storage_unavailable`.
 */
export interface FeedbackSource {
  feedback(workspaceId: string): Promise<ReadonlyMap<string, readonly string[]>>
}
