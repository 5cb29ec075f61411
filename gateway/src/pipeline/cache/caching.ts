import type { Usage } from '../../conversation/usage.ts'

/** How a request stands to the answers that are kept. */
export type Caching =
  | { readonly status: 'BYPASS'; readonly key?: undefined; readonly keeps?: null }
  | { readonly status: 'MISS' | 'BYPASS'; readonly key: string; readonly keeps: Keeping | null }
  | {
      readonly status: 'HIT'
      readonly key: string
      readonly tier: 'l1' | 'l2'
      readonly ageMs: number
      readonly keeps: null
    }

/** The answer of a request that is to be kept once it has gone well. */
interface Keeping {
  readonly ttlMs: number
}

/** What the client was sent. */
export interface CapturedText {
  readonly isStream: boolean
  /** Null when it became too long. */
  text(): string | null
  readonly usage: Usage | null
}
