import type { ProviderBreakers } from '../balancing/provider-breakers.ts'
import type { RoutingConfig } from '../config/config.ts'
import type { Deployment, Operation } from './deployment.ts'
import { type RegionWish, servesRegion } from './region-wish.ts'

/** Why a deployment was not a candidate; shown by the decision log and counted in errors. */
export type RemovalReason =
  | 'operation'
  | 'account'
  | 'access'
  | 'blocked'
  | 'team'
  | 'cooldown'
  | 'provider'
  | 'capability'
  | 'context_window'
  | 'region'
  | 'rate_limit'
  | 'parallel_limit'
  | 'budget'
  | 'tags'

/** Abilities a request may need, named as in `model_info`. */
export type Capability =
  | 'supports_function_calling'
  | 'supports_vision'
  | 'supports_pdf_input'
  | 'supports_audio_input'
  | 'supports_response_schema'

/** What the filters read of a request. */
export interface CandidateRequest {
  readonly operation: Operation
  /** The deployment whose account keeps what the request continues; null when any may take it. */
  readonly boundTo: Deployment | null
  /** Upper estimate of prompt tokens, see `estimate-tokens.ts`. */
  readonly inputTokens: number
  readonly capabilities: readonly Capability[]
  readonly tags: readonly string[]
  readonly teamId: string | null
  /** Null leaves regions out of it. */
  readonly region: RegionWish | null
}

/** The conditions of one filtering. */
export interface FilterRules {
  readonly routing: RoutingConfig
  /** Whether `rpm` and `tpm` are limits and not only weights. */
  readonly enforceLimits: boolean
  /** A pinned deployment is called even while it cools down. */
  readonly ignoreCooldown: boolean
  /** Circuit breakers of providers, which hold pinned deployments too; null where there are none. */
  readonly breakers: ProviderBreakers | null
  readonly now: number
}

/** Told of every removal. */
export interface RemovalSink {
  removed(deployment: Deployment, reason: RemovalReason): void
}

/** The estimate is an upper one; a prompt counts as too long only when three quarters of it do not fit. */
const contextShare = 0.75

/**
 * The deployments a request may go to. Returns the given array itself when nothing is removed, so that the usual
 * request allocates nothing.
 */
export function filterCandidates(
  candidates: readonly Deployment[],
  request: CandidateRequest,
  rules: FilterRules,
  sink: RemovalSink,
): readonly Deployment[] {
  let kept: Deployment[] | null = null
  for (let index = 0; index < candidates.length; index++) {
    const deployment = candidates[index]
    if (deployment === undefined) continue
    const reason = findRemovalReason(deployment, request, rules)
    if (reason === null) {
      kept?.push(deployment)
      continue
    }
    kept ??= candidates.slice(0, index)
    sink.removed(deployment, reason)
  }
  const remaining = preferRegion(kept ?? candidates, request.region, sink)
  return rules.routing.enableTagFiltering
    ? filterByTags(remaining, request.tags, rules.routing, sink)
    : remaining
}

/** Those in the wanted region, where there are any. */
function preferRegion(
  candidates: readonly Deployment[],
  region: RegionWish | null,
  sink: RemovalSink,
): readonly Deployment[] {
  if (region === null || region.isHard) return candidates
  const within = candidates.filter((deployment) => servesRegion(deployment, region))
  if (within.length === 0 || within.length === candidates.length) return candidates
  for (const deployment of candidates) if (!within.includes(deployment)) sink.removed(deployment, 'region')
  return within
}

function findRemovalReason(
  deployment: Deployment,
  request: CandidateRequest,
  rules: FilterRules,
): RemovalReason | null {
  const { state } = deployment
  if (deployment.paths[request.operation] === null) return 'operation'
  if (request.boundTo !== null && !sharesAccount(deployment, request.boundTo)) return 'account'
  const restriction = deployment.restricted ? findRestriction(deployment, request.teamId) : null
  if (restriction !== null) return restriction
  const rest = findRest(deployment, rules)
  if (rest !== null) return rest
  if (deployment.hasBudget && state.isOverBudget(rules.now)) return 'budget'
  if (rules.routing.enablePreCallChecks) {
    if (lacksCapability(deployment, request.capabilities)) return 'capability'
    if (exceedsContext(deployment, request.inputTokens)) return 'context_window'
  }
  if (request.region?.isHard === true && !servesRegion(deployment, request.region)) return 'region'
  if (rules.enforceLimits && exceedsLimits(deployment, request.inputTokens, rules.now)) return 'rate_limit'
  const { maxParallelRequests } = deployment
  return maxParallelRequests !== null && state.inFlight >= maxParallelRequests ? 'parallel_limit' : null
}

function findRest({ state, provider }: Deployment, rules: FilterRules): RemovalReason | null {
  const { ignoreCooldown, breakers, now } = rules
  if (!ignoreCooldown && (state.isCoolingDown(now) || state.isProbeTaken(now))) return 'cooldown'
  return breakers?.hasOpen === true && breakers.waitMs(provider.id, now) !== null ? 'provider' : null
}

/** Whether both are called at the same address with the same credential. */
function sharesAccount(one: Deployment, other: Deployment): boolean {
  if (one.id === other.id) return true
  const { apiKey, organization } = one.config
  return (
    one.origin === other.origin &&
    one.provider === other.provider &&
    apiKey === other.config.apiKey &&
    organization === other.config.organization
  )
}

function findRestriction(deployment: Deployment, teamId: string | null): RemovalReason | null {
  const { blocked, teamId: owner } = deployment.config.info
  if (blocked) return 'blocked'
  return owner !== null && owner !== teamId ? 'team' : null
}

function lacksCapability(deployment: Deployment, capabilities: readonly Capability[]): boolean {
  for (const capability of capabilities) if (deployment.facts.supports[capability] === false) return true
  return false
}

function exceedsContext(deployment: Deployment, inputTokens: number): boolean {
  const limit = deployment.facts.maxInputTokens
  return limit !== null && inputTokens * contextShare > limit
}

function exceedsLimits(deployment: Deployment, inputTokens: number, now: number): boolean {
  const { requestsPerMinute, tokensPerMinute } = deployment
  if (requestsPerMinute !== null && deployment.state.requestsThisMinute(now) + 1 > requestsPerMinute)
    return true
  return tokensPerMinute !== null && deployment.state.tokensThisMinute(now) + inputTokens > tokensPerMinute
}

/**
 * A tagged request goes to deployments with a matching tag, else to those tagged `default`; an untagged one to
 * `default` deployments when there are any, else to all.
 */
function filterByTags(
  candidates: readonly Deployment[],
  tags: readonly string[],
  routing: RoutingConfig,
  sink: RemovalSink,
): readonly Deployment[] {
  const isDefault = (deployment: Deployment): boolean => deployment.config.tags.includes('default')
  const matches = (deployment: Deployment): boolean =>
    routing.tagFilteringMatchAny
      ? tags.some((tag) => deployment.config.tags.includes(tag))
      : tags.every((tag) => deployment.config.tags.includes(tag))
  const tagged = tags.length > 0 ? candidates.filter(matches) : []
  const kept = tagged.length > 0 ? tagged : candidates.filter(isDefault)
  if (kept.length === candidates.length || (kept.length === 0 && tags.length === 0)) return candidates
  for (const deployment of candidates) if (!kept.includes(deployment)) sink.removed(deployment, 'tags')
  return kept
}
