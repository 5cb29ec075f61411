import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'
import type { DeploymentStates } from './deployment-states.ts'
import type { Strategy } from './strategy.ts'

/** What all requests of one configuration share. */
export interface RoutingContext {
  readonly snapshot: RoutingSnapshot
  readonly strategy: Strategy
  readonly states: DeploymentStates
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
}
