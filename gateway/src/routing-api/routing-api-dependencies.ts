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
  /** The configuration file is watched. */
  readonly hotReload: boolean
}
