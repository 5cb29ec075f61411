/** What a benchmark asks of a model, and what it needs to know of the answer. */
export interface ModelCalls {
  /** One chat call without a stream. A call that fails is a value, not an exception: it becomes an errored case. */
  ask(model: string, messages: readonly ChatMessage[]): Promise<ModelReply>
}

export interface ChatMessage {
  readonly role: 'system' | 'user'
  readonly content: string
}

export type ModelReply =
  | { readonly ok: true; readonly text: string; readonly totalTokens: number; readonly durationMs: number }
  | { readonly ok: false; readonly reason: string }
