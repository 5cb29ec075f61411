const windowMs = 120_000
const mostAsks = 10_000

/** An ask that was answered. */
export interface AnsweredAsk {
  /** Names who asked what, hashed. */
  readonly key: string
  readonly decisionId: string
  /** When it was asked, epoch milliseconds. */
  readonly at: number
}

/** What was asked in the last two minutes, in the memory of one process. */
export class RepeatedAsks {
  readonly #asked = new Map<string, AnsweredAsk>()

  /** Remembers the ask; the decision whose answer did not do, as the same was asked a moment ago. Null for none. */
  note(ask: AnsweredAsk): string | null {
    const before = this.#asked.get(ask.key)
    this.#asked.delete(ask.key)
    this.#asked.set(ask.key, ask)
    if (this.#asked.size > mostAsks) this.#forgetOldest()
    return before !== undefined && ask.at - before.at <= windowMs ? before.decisionId : null
  }

  #forgetOldest(): void {
    for (const key of this.#asked.keys()) {
      this.#asked.delete(key)
      return
    }
  }
}
