/** What retrieval reads of a skill. */
export interface SkillDocument {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly triggerPhrases: readonly string[]
  readonly tags: readonly string[]
  readonly category: string | null
  /** Markdown of the newest servable version; may be empty. */
  readonly body: string
  /** Requests that led to a successful activation of this skill; empty without content capture. */
  readonly feedback: readonly string[]
}
