import type { CachedAnswer } from './cached-answer.ts'

/** What became of an answer that others wait for: it may be shared, it may not, or whoever it was made for has left. */
type Settled = CachedAnswer | 'not shared' | 'abandoned'

/** Tells those who wait; only the first call counts. */
export type Settle = (settled: Settled) => void

export interface Follower {
  /** `left` once it was told to leave. Never rejects. */
  readonly outcome: Promise<Settled | 'late' | 'left'>
  readonly leave: () => void
}

/** The answers that are being made, by the names of their requests, and who waits for each. */
export class AnswersUnderWay {
  readonly #waiting = new Map<string, Set<Settle>>()

  /** Whoever gets the function makes the answer and calls it in the end, whatever happens; null where another already makes it. */
  lead(key: string): Settle | null {
    if (this.#waiting.has(key)) return null
    const followers = new Set<Settle>()
    this.#waiting.set(key, followers)
    return (settled) => {
      if (this.#waiting.get(key) !== followers) return
      this.#waiting.delete(key)
      for (const tell of followers) tell(settled)
    }
  }

  /** Waits `ms` at most for the answer that another makes; null where nobody does. */
  follow(key: string, ms: number): Follower | null {
    const followers = this.#waiting.get(key)
    if (followers === undefined) return null
    let leave = (): void => {}
    const outcome = new Promise<Settled | 'late' | 'left'>((resolve) => {
      const end = (outcome: Settled | 'late' | 'left'): void => {
        clearTimeout(timer)
        followers.delete(end)
        resolve(outcome)
      }
      const timer = setTimeout(end, ms, 'late')
      followers.add(end)
      leave = () => end('left')
    })
    return { outcome, leave }
  }
}
