import type { ListRanks } from './fusion/rank-lists.ts'

export interface SearchOptions {
  /** Results at most. */
  readonly depth: number
  /** Leaves skills out before anything is ranked: category, assignment, exclusions. */
  readonly accept?: (id: string) => boolean
}

/** One skill for a request; results come best first, ties by id. */
export interface SearchResult {
  readonly id: string
  /** What `upsert` answered for it. */
  readonly place: number
  /** Calibrated: the estimated chance that this is the right skill, 0–1. */
  readonly score: number
  /** How strongly the texts match, 0–1; does not depend on the other skills' ranks. */
  readonly relevance: number
  /** The fused score that decides the order; comparable within one search only. */
  readonly fused: number
  /** Its place in each list that found it, from 1. */
  readonly lists: ListRanks
}
