import type { MenuEntry } from './menu-entry.ts'
import type { RankedCandidate } from './rank-candidates.ts'
import type { StableMenu } from './stable-menu.ts'

/** What the router answers a request with, before it has an id. */
export interface Decision<Skill extends MenuEntry> {
  readonly strategy: 'full_menu' | 'smart_routing'
  /** In the order of the answer's `skills`. */
  readonly rows: readonly DecisionRow<Skill>[]
  /** Not offered, with how likely it was that they would be. */
  readonly passedOver: readonly DecisionRow<Skill>[]
  /** What the hint names. */
  readonly hinted: readonly Skill[]
  readonly promptFragment: string
  readonly stable: StableMenu
  /** True when no row is relevant enough. */
  readonly abstained: boolean
  /** True when nothing is offered, to measure what skills change. */
  readonly holdout: boolean
}

export interface DecisionRow<Skill extends MenuEntry> {
  readonly skill: Skill
  /** From 1; those passed over follow those offered. */
  readonly rank: number
  /** 0 to 1; never rises from row to row of a route. */
  readonly score: number
  readonly relevance: number
  readonly selected: boolean
  readonly propensity: number
  readonly explored: boolean
  /** How it was ranked; null where nothing was. */
  readonly ranking: RankedCandidate<Skill> | null
}
