/**
 * What must be undone in the answer to one encoded request: names that were changed to fit the provider, and
 * tools that stood in for something else.
 */
export interface ReplyContext {
  /** Upstream tool name → the caller's name. */
  readonly toolNames: ReadonlyMap<string, string>
  /** Upstream names of functions that stand in for free-text tools; their one string argument is unwrapped. */
  readonly customTools: ReadonlySet<string>
  /** Upstream name of the function that stands in for a response format; its arguments are the answer's text. */
  readonly jsonTool: string | null
  /** Characters of the prompt, for providers that count no tokens. */
  readonly promptLength?: number
}

/** Nothing was changed. */
export const plainReplyContext: ReplyContext = {
  toolNames: new Map(),
  customTools: new Set(),
  jsonTool: null,
}
