import type { ModelAlias, RoutingConfig } from '../config/config.ts'
import type { Deployment, ModelGroup, WildcardGroup } from './deployment.ts'
import type { ObjectGrants } from './resolve-model.ts'
import type { RoutedGroup, ThresholdRouters } from './routed-group.ts'

/** Everything name resolution and routing read, compiled once per configuration and swapped as one object. */
export interface RoutingSnapshot {
  readonly versionHash: string
  readonly routing: RoutingConfig
  /** `completion_model`: every request is answered by this model. */
  readonly completionModel: string | null
  readonly groups: ReadonlyMap<string, ModelGroup>
  /** Most specific first. */
  readonly wildcards: readonly WildcardGroup[]
  /** Callable deployments; those of wildcard groups need a concrete name and are not here. */
  readonly byDeploymentId: ReadonlyMap<string, Deployment>
  /** Deployment ids that are names of groups as well. */
  readonly idsLikeGroups: ReadonlySet<string>
  readonly aliases: ReadonlyMap<string, ModelAlias>
  /** Team id → public name → group of that team's deployments. */
  readonly teamModels: ReadonlyMap<string, ReadonlyMap<string, ModelGroup>>
  /** Names that stand for a pool of models: `auto`, `routeiq/<profile>`, configured routers. */
  readonly routers: ReadonlyMap<string, RoutedGroup>
  /** `router-<name>-<threshold>`. */
  readonly thresholds: Pick<ThresholdRouters, 'find'>
  /** Groups in which a model is chosen before a deployment is. */
  readonly routed: ReadonlyMap<ModelGroup, RoutedGroup>
  /** Every configured deployment id, wildcard groups included. */
  readonly deploymentIds: ReadonlySet<string>
  readonly agents: AgentModels
}

/** Agents that are called like models. They come and go without a new configuration. */
export interface AgentModels {
  /** `name` is `a2a/<agent>`. Null for an agent that is not there, or that these grants do not cover. */
  find(name: string, grants: ObjectGrants): ModelGroup | null
  list(grants: ObjectGrants): readonly ModelGroup[]
}

export const noAgentModels: AgentModels = { find: () => null, list: () => [] }
