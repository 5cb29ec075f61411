import type { CacheTier } from '../../answer-cache/answer-cache.ts'
import type { Settle } from '../../answer-cache/answers-under-way.ts'
import type { Question } from '../../answer-cache/similar-questions.ts'
import type { Usage } from '../../conversation/usage.ts'

/** How a request stands to the answers that are kept. */
export type Caching =
  | { readonly status: 'BYPASS'; readonly key?: undefined }
  | {
      readonly status: 'MISS' | 'BYPASS'
      readonly key: string
      readonly keeps: Keeping | null
      /** Tells the equal requests that wait for this one; null where none may. */
      readonly settle: Settle | null
    }
  | {
      readonly status: 'HIT'
      readonly key: string
      readonly tier: CacheTier
      readonly ageMs: number
      /** Of the question that was answered; absent where it was this one. */
      readonly similarity?: number | undefined
    }

/** The answer of a request that is to be kept once it has gone well. */
interface Keeping {
  readonly ttlMs: number
  /** What it answers, for similar questions; null where none get it. */
  readonly question: Question | null
}

/** What the client was sent. */
export interface CapturedText {
  readonly isStream: boolean
  /** Null when it became too long. */
  text(): string | null
  readonly usage: Usage | null
}
