import type { DeploymentState } from '../balancing/deployment-state.ts'
import type { ModelConfig } from '../config/config.ts'
import type { Operation } from '../conversation/operation.ts'
import type { CostAdjustment } from '../pricing/adjust-cost.ts'
import type { ModelFacts, ModelPrices } from '../pricing/prices.ts'
import type { ProviderProfile, Wire } from '../providers/wire.ts'
import type { CountedGroup } from '../telemetry/metrics/active-requests.ts'
import type { Authorization } from '../transport/authorization.ts'
import type { DeploymentTarget } from './deployment-target.ts'

export type { Operation } from '../conversation/operation.ts'

/** `chatStream` is the path of streamed chat answers. */
export type DeploymentPaths = Readonly<Record<Operation | 'chatStream', string | null>>

/**
 * One callable model at one provider account, compiled from configuration so that a request only reads it.
 * Immutable, except `state`, which is shared by all snapshots that hold the same deployment id, and what `target` remembers.
 */
export interface Deployment {
  readonly id: string
  /** The `model_name` it belongs to. */
  readonly group: string
  readonly config: ModelConfig
  readonly provider: ProviderProfile
  readonly wire: Wire
  /**
   * The same deployment called by its vendor's Responses endpoint, for clients that speak Responses. Null when it has
   * no second wire: the vendor lacks one, or `wire` is it.
   */
  readonly responses: Deployment | null
  /** Clients of Messages are served by `responses`, too. */
  readonly messagesByResponses: boolean
  /** The concrete model id sent upstream (wildcards already substituted). */
  readonly upstreamModel: string
  /** `https://api.openai.com`, never with a path. */
  readonly origin: string
  /** Request path per operation, base path and query included; null where the wire cannot serve the operation. */
  readonly paths: DeploymentPaths
  /** Base URL without query, as shown in `x-litellm-model-api-base`. */
  readonly apiBase: string
  /** Flat name, value list ready for the transport: authentication, content type, configured extra headers. */
  readonly headers: readonly string[]
  /** Authentication those headers cannot hold: a token that expires, a signature. Null for nearly everybody. */
  readonly authorization: Authorization | null
  readonly timeoutMs: number
  readonly streamTimeoutMs: number
  /** Null means no limit; these are here and not only in `config` because every request reads them. */
  readonly maxParallelRequests: number | null
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly mockResponse: string | null
  readonly dropParams: boolean | null
  readonly tier: string | null
  /** Whether its configuration changes members of requests: defaults, extra members, drops or cache marks. */
  readonly editsBody: boolean
  /** Blocked, or bound to a team. */
  readonly restricted: boolean
  /** It, or its provider, may spend only so much. */
  readonly hasBudget: boolean
  readonly prices: ModelPrices | null
  /** Discount and margin of its provider; null for the list price. */
  readonly adjustment: CostAdjustment | null
  /** Context limits and abilities: the price table's, overridden by `model_info`. */
  readonly facts: ModelFacts
  readonly state: DeploymentState
  /** What it is called in records, and in the head of every answer. */
  readonly target: DeploymentTarget
}

/** All deployments that share one `model_name`, in file order, with what every request would otherwise derive. */
export interface ModelGroup extends CountedGroup {
  readonly deployments: readonly Deployment[]
  /** Ascending `order` levels (deployments without `order` last); one level when none sets it. */
  readonly levels: readonly (readonly Deployment[])[]
  readonly numRetries: number | null
  /** Union of the deployments' `access_groups`. */
  readonly accessGroups: readonly string[]
  /** What the entry of its first deployment wants of skills (`routeiq_skills`), as written. */
  readonly skillsWish: unknown
  /** The deployments' states, for a look at all of them that touches nothing else. */
  readonly states: readonly DeploymentState[]
  /** Operations every deployment may serve whoever asks: none is blocked, bound to a team or to parallel slots. */
  readonly openFor: Readonly<Record<Operation, boolean>>
  /** Each of them is some team's own: for everybody else there is no such group. */
  readonly isTeamOwned: boolean
  /** None of them has a weight, `rpm` or `tpm`. */
  readonly isEven: boolean
  /** Whether any of them is an agent. */
  readonly hasAgents: boolean
  /** What they charge, each list once. */
  readonly priceLists: readonly ModelPrices[]
}

/** A group whose `model_name` contains `*`; matched textually, most specific first. */
export interface WildcardGroup {
  readonly pattern: string
  /** The configured deployments, model ids not substituted. */
  readonly deployments: readonly Deployment[]
  readonly accessGroups: readonly string[]
  /** The group for one concrete name, captures substituted; null when the name does not match. Bounded cache inside. */
  instantiate(requestedName: string): ModelGroup | null
}
