import type { BundleSource } from '../model-routing/bundle-source.ts'
import type { ChoiceLog } from '../model-routing/choice-log.ts'
import type { ChoiceStore } from '../model-routing/choice-store.ts'
import type { LearnedOutcomes } from '../model-routing/learned-outcomes.ts'
import type { Pins } from '../model-routing/pins.ts'
import type { Scorers } from '../model-routing/scorers.ts'
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
  readonly choices: ChoiceStore
  readonly choiceLog: Pick<ChoiceLog, 'flush'>
  readonly outcomes: Pick<LearnedOutcomes, 'refresh' | 'lastRead'>
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
