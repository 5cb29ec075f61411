import type { Caller } from '../identity/caller.ts'
import type { BundleShelf } from '../model-routing/bundles/bundle-shelf.ts'
import type { BundleSource, BundleSwap } from '../model-routing/bundles/bundle-source.ts'
import type { ChoiceLog } from '../model-routing/choice-log.ts'
import type { ChoiceStore } from '../model-routing/choice-store.ts'
import type { ExperimentBook } from '../model-routing/experiments/experiment-book.ts'
import type { ExperimentStore } from '../model-routing/experiments/experiment-store.ts'
import type { LearnedOutcomes } from '../model-routing/learned-outcomes.ts'
import type { Pins } from '../model-routing/pins.ts'
import type { PreferenceStore } from '../model-routing/preference-store.ts'
import type { Scorers } from '../model-routing/scorers.ts'
import type { ShadowTally } from '../model-routing/shadow-tally.ts'
import type { Gateway } from '../pipeline/gateway.ts'

type AuditedFields = Readonly<Record<string, string | number | boolean | null>>

/** What the routes about choosing models work with. */
export interface RoutingApiDependencies {
  readonly gateway: Gateway
  readonly scorers: Scorers
  readonly pins: Pins
  readonly sharesPins: boolean
  readonly killSwitch: {
    state(): { readonly enabled: boolean; readonly reason: string }
    set(state: { readonly enabled: boolean; readonly reason: string }): Promise<void>
  }
  readonly bundles: BundleSource
  readonly bundleShelf: BundleShelf
  /** Puts the bundle that should be in force in force. */
  readonly loadBundle: (force?: boolean) => BundleSwap
  readonly choices: ChoiceStore
  /** The skills that a decision about skills offered; null when there is none of that id. */
  readonly findSkills: (workspaceId: string, routingId: string) => Promise<readonly string[] | null>
  readonly shadows: Pick<ShadowTally, 'figures'>
  readonly preferences: PreferenceStore
  readonly experiments: ExperimentStore
  readonly experimentBook: Pick<ExperimentBook, 'refresh' | 'running' | 'appliedFor'>
  readonly announceExperiments: () => Promise<void>
  readonly metrics: {
    countFeedback(source: string): void
    countDrift(model: string): void
  }
  /** Says who changed what of routing, and when. */
  readonly audit: (caller: Caller | null, action: string, fields: AuditedFields) => void
  /** Counters that all processes share. */
  readonly limits: {
    increment(
      counters: readonly { key: string; by: number; ttlMs: number; limit: number | null }[],
    ): Promise<{ readonly refusedBy: number | null }>
  }
  readonly choiceLog: Pick<ChoiceLog, 'flush'>
  readonly outcomes: Pick<LearnedOutcomes, 'refresh' | 'lastRead' | 'knownUsers'>
  /** Reads the configuration again and swaps it. */
  readonly reload: () => {
    readonly succeeded: boolean
    readonly changed: boolean
    readonly errors: readonly { readonly path: string; readonly message: string }[]
  }
  readonly announceReload: () => Promise<void>
  /** The configuration file is watched. */
  readonly hotReload: boolean
}
