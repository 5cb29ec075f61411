import type {
  AskExplanation,
  CascadePlan,
  ModelDecision,
  Profile,
  SkillShift,
  StoredFeatures,
} from '@routeiq/router'
import type { RoutedGroup } from '../deployments/routed-group.ts'
import type { Assignment } from './experiments/assign-variant.ts'
import type { Ask } from './read-ask.ts'

/** Whether a conversation stays with its model. */
export interface Affinity {
  /** Hex digits; null without a conversation to hold. */
  readonly keyHash: string | null
  readonly hit: boolean
  /** The arm it was held by; null without. */
  readonly pinned: string | null
  readonly action: 'none' | 'kept' | 'switched' | 'broken'
  readonly gain: number
  readonly switchCost: number
}

/** What another strategy would have chosen on the same candidates. */
export interface ShadowChoice {
  readonly strategy: string
  /** The strategy that ran in its place, where it could not. */
  readonly ran: string
  readonly model: string
  readonly quality: number
  /** USD. */
  readonly costUsd: number
}

/** One decision for one request: which arm, and everything that led to it. */
export interface ModelChoice {
  /** `dc_` and 24 hex digits. */
  readonly decisionId: string
  /** The configuration, and when what was learned was last read: with the bundle what a replay begins from. */
  readonly snapshotId: string
  readonly routed: RoutedGroup
  /** Several calls in place of one, where the request allows it; null for one. */
  readonly cascade: CascadePlan | null
  /** Names of arms, the chosen one first; a retry goes on with the next one. */
  readonly order: readonly string[]
  readonly chosen: string
  readonly decision: ModelDecision
  /** The strategy asked for, and why another took its place. */
  readonly requestedStrategy: string
  readonly fallbackReason: string | null
  readonly profile: Profile
  readonly bundleId: string | null
  /** Why the first in order was expected to do better than the second; null where nobody asked, or nothing was trained. */
  readonly explanation: AskExplanation | null
  readonly affinity: Affinity
  /** Null outside of an experiment. */
  readonly experiment: Assignment | null
  readonly filtered: readonly { readonly model: string; readonly reason: string }[]
  readonly reasons: readonly string[]
  /** What the skills it will be offered did to the estimates. */
  readonly skills: readonly SkillShift[]
  /** By position of the candidates, before anything held the choice. */
  readonly propensities: Float64Array
  readonly propensity: number
  readonly propensityMethod: 'deterministic' | 'random' | 'epsilon' | 'mc256'
  readonly explored: boolean
  /** Asks the strategies that only watch; null where none does. For after the answer. */
  readonly shadow: (() => readonly ShadowChoice[]) | null
  /** Headers that asked for what the caller may not decide. */
  readonly ignored: readonly string[]
  /** For learning from the outcome; no text can be read from them. */
  readonly features: StoredFeatures
  readonly ask: Pick<Ask, 'source' | 'text' | 'inToolLoop' | 'expected'> & { readonly chars: number }
  readonly timings: {
    readonly filterUs: number
    readonly featuresUs: number
    readonly scoreUs: number
    readonly totalUs: number
  }
}
