import type { Profile, RemoteAdvice } from '@routeiq/router'
import type { Arm, RoutedGroup } from '../deployments/routed-group.ts'
import type { ExperimentUnit } from './experiments/assign-variant.ts'
import type { ModelChoice } from './model-choice.ts'
import type { Ask } from './read-ask.ts'

/** Everything one choice is made from. */
export interface RouteAsked {
  readonly routed: RoutedGroup
  /** Arms that passed every filter, in the order of the configuration; never empty. */
  readonly arms: readonly Arm[]
  readonly filtered: ModelChoice['filtered']
  readonly ask: Ask
  readonly bodyBytes: number
  readonly tags: readonly string[]
  readonly userAgent: string
  readonly team: string | null
  /** Whose opinions of models count. */
  readonly workspaceId: string
  readonly userId: string | null
  /** The skills the model will be offered, as far as that is known by now. */
  readonly skills: readonly ExpectedSkill[]
  /** Outcomes may teach, and a model may be tried to learn about it. */
  readonly learns: boolean
  /** Who is assigned in an experiment. */
  readonly unit: Omit<ExperimentUnit, 'model'>
  readonly overrides: RouteOverrides
  /** Names the conversation and whoever has it; null when it is not to be held. */
  readonly conversationKey: string | null
  /** What the remote strategy said; null where none decides, or none answered. */
  readonly advice: RemoteAdvice | null
  /** The arm whose account keeps what the request continues: the model it was answered by; null for none. */
  readonly continuedArm: string | null
  /** The caller named its session, so that a pin counts from the first turn. */
  readonly isSessionNamed: boolean
  /** A question what would be chosen: nothing is remembered of it. */
  readonly dryRun: boolean
  /** Hash of the configuration in force. */
  readonly configVersion: string
  /** Microseconds that finding the arms took. */
  readonly filterUs: number
  /** Epoch milliseconds. */
  readonly now: number
}

/** A skill by name or id. */
export interface ExpectedSkill {
  readonly name: string
  /** Null where nobody says. */
  readonly version: string | null
  /** Its text is put before the model, so that it will be used. */
  readonly isInjected: boolean
}

/** The skills that a decision about skills offered; null when there is none of that id. */
export type FindSkills = (
  workspaceId: string,
  routingId: string,
) => Promise<readonly Pick<ExpectedSkill, 'name' | 'version'>[] | null>

/** What a caller may say about how its request is routed; null leaves the configuration in force. */
export interface RouteOverrides {
  readonly profile: Profile | null
  readonly strategy: string | null
  readonly lambda: number | null
  /** USD. */
  readonly maxCost: number | null
  /** Headers that asked for what the caller may not decide. */
  readonly ignored: readonly string[]
  /** In place of those the request names. */
  readonly skills: readonly ExpectedSkill[] | null
}
