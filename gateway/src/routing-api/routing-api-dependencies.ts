import type { SyncOutcome } from '../config-sync/config-sync.ts'
import type { BundleShelf } from '../model-routing/bundles/bundle-shelf.ts'
import type { BundleSource, BundleSwap } from '../model-routing/bundles/bundle-source.ts'
import type { ChoiceLog } from '../model-routing/choice-log.ts'
import type { ChoiceStore } from '../model-routing/choice-store.ts'
import type { ExperimentBook } from '../model-routing/experiments/experiment-book.ts'
import type { ExperimentStore } from '../model-routing/experiments/experiment-store.ts'
import type { AnswerJudge } from '../model-routing/judging/answer-judge.ts'
import type { AnswerSamples } from '../model-routing/judging/answer-samples.ts'
import type { LearnedOutcomes } from '../model-routing/learned-outcomes.ts'
import type { Pins } from '../model-routing/pins.ts'
import type { PreferenceStore } from '../model-routing/preference-store.ts'
import type { FindSkills } from '../model-routing/route-asked.ts'
import type { Scorers } from '../model-routing/scorers.ts'
import type { RoutingSettings } from '../model-routing/settings/routing-settings.ts'
import type { ShadowTally } from '../model-routing/shadow-tally.ts'
import type { Gateway } from '../pipeline/gateway.ts'

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
  readonly findSkills: FindSkills
  readonly shadows: Pick<ShadowTally, 'figures'>
  readonly preferences: PreferenceStore
  readonly experiments: ExperimentStore
  readonly experimentBook: Pick<ExperimentBook, 'refresh' | 'running' | 'appliedFor'>
  readonly announceExperiments: () => Promise<void>
  readonly metrics: {
    countFeedback(source: string): void
    countDrift(model: string): void
  }
  /** Counters that all processes share. */
  readonly limits: {
    increment(
      counters: readonly { key: string; by: number; ttlMs: number; limit: number | null }[],
    ): Promise<{ readonly refusedBy: number | null }>
  }
  readonly choiceLog: Pick<ChoiceLog, 'flush'>
  /** Answers that are judged, and who judges them. */
  readonly samples: Pick<AnswerSamples, 'pending' | 'judged' | 'totals'>
  readonly judge: Pick<AnswerJudge, 'runBatch' | 'pushFeedback' | 'isRunning' | 'lastFeedback'>
  readonly outcomes: Pick<LearnedOutcomes, 'refresh' | 'lastRead' | 'knownUsers'>
  /** Reads the configuration again and swaps it. */
  readonly reload: () => {
    readonly succeeded: boolean
    readonly errors: readonly { readonly path: string; readonly message: string }[]
  }
  /** Fetches a configuration that is kept elsewhere, and has it in force here; null where there is none. */
  readonly fetchConfiguration: () => Promise<SyncOutcome | null>
  /** What admins set over the API. */
  readonly settings: Pick<RoutingSettings, 'change' | 'refresh'>
  readonly announceReload: () => Promise<void>
  /** The configuration file is watched. */
  readonly hotReload: boolean
}
