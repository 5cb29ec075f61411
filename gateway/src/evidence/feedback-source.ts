import type { RollupStore } from './analytics/rollup-store.ts'

/** Newest first; more would only repeat what an index has learned. */
const textsPerSkill = 32

/**
 * Requests that led to a successful activation, by skill id: what the index learns from. Empty where content capture
 * is off, since no text is kept then.
 */
export class FeedbackSource {
  readonly #store: Pick<RollupStore, 'listFeedback'>

  constructor(store: Pick<RollupStore, 'listFeedback'>) {
    this.#store = store
  }

  /** Rejects with `storage_unavailable`. */
  async feedback(workspaceId: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const bySkill = new Map<string, string[]>()
    for (const [skillId, text] of await this.#store.listFeedback(workspaceId, textsPerSkill)) {
      bySkill.set(skillId, [...(bySkill.get(skillId) ?? []), text])
    }
    return bySkill
  }
}
