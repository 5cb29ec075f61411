import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { findStrategy, isProfile, profiles } from '@routeiq/router'
import { breakersInForce } from '../balancing/judge-provider.ts'
import { readRecord } from '../conversation/json-value.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { Removals } from '../deployments/empty-candidates-error.ts'
import { type CandidateRequest, filterCandidates } from '../deployments/filter-candidates.ts'
import { isOpenTo } from '../deployments/is-open-to.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import type { Arm, RoutedGroup } from '../deployments/routed-group.ts'
import type { Caller } from '../identity/caller.ts'
import { holdsPermission } from '../identity/permissions.ts'
import { workspaceOf } from '../identity/workspace.ts'
import { MalformedWish, readSkillsWish } from '../injection/skills-wish.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import { type Ask, readAsk } from '../model-routing/read-ask.ts'
import type { RouteAsked, RouteOverrides } from '../model-routing/route-asked.ts'
import { estimateInputTokens } from '../pricing/estimate-tokens.ts'
import { allowsArm, mayUseArm } from './admit.ts'
import { readCapabilities, readRegion } from './choose-deployment.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import { readConversation } from './read-conversation.ts'

/**
 * Which model answers, where the requested name stands for several; null where it stands for one. What a key may not use,
 * what is down and what lacks an ability is gone before anything is scored. `preview` only asks: its terms stand for the
 * headers, and nothing is remembered. Errors: what the empty pool is about.
 */
export function chooseModel(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  preview: RouteOverrides | null = null,
): ModelChoice | null | Promise<ModelChoice> {
  const routed = request.runtime.routing.routed.get(resolution.group)
  if (routed === undefined || request.operation !== 'chat') return null
  const startedAt = performance.now()
  const removals = new Removals(
    gateway.now(),
    breakersInForce(request.runtime.config.routing, gateway.states.providers),
  )
  const arms = filterArms(gateway, request, resolution, routed, removals)
  const filtered = describeRemovals(routed, arms, removals, request.caller)
  if (arms.length === 0)
    throw emptyPool(removals.toError(resolution.requestedName, request.options.tags), preview !== null)
  const overrides = preview ?? readOverrides(request)
  const filterUs = (performance.now() - startedAt) * 1_000
  const dryRun = preview !== null
  const asked = describe(gateway, request, { routed, arms, filtered, overrides, dryRun, filterUs })
  const advice = gateway.models.advise(asked, request.runtime.config.modelRouting)
  if (advice === null) return conclude(gateway, request, resolution, asked)
  return advice.then((said) => conclude(gateway, request, resolution, { ...asked, advice: said }))
}

/** Errors: 503 when no model is as cheap as the request wants, or free where it has to be. */
function conclude(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  asked: RouteAsked,
): ModelChoice {
  const { modelRouting } = request.runtime.config
  const choice = gateway.models.choose(asked, modelRouting)
  if (modelRouting.freeStrict && choice.reasons.includes('free_pool_empty'))
    throw noEligible(
      `No model of ${resolution.requestedName} is free for this request; ask for another profile.`,
      asked.dryRun,
    )
  if (!choice.reasons.includes('max_cost_unreachable')) return choice
  throw noEligible(
    `No model of ${resolution.requestedName} is estimated to cost at most ${asked.overrides.maxCost} USD for this request; raise x-routeiq-max-cost.`,
    asked.dryRun,
  )
}

function noEligible(message: string, dryRun: boolean): GatewayError {
  return emptyPool(new GatewayError('no_eligible_deployment', message), dryRun)
}

/** Who only asks is told by one code that nothing is left, and by the message why; a call fails as it would without a choice. */
export function emptyPool(error: GatewayError, dryRun: boolean): GatewayError {
  if (!dryRun) return error
  const { retryAfterSeconds } = error.options
  return new GatewayError('no_candidates', error.message, {
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}

function filterArms(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  routed: RoutedGroup,
  removals: Removals,
): readonly Arm[] {
  const { caller, options, runtime } = request
  const { routing } = runtime.config
  const open = routed.arms.filter((arm) => {
    const isGranted = !routed.isPool || mayUseArm(caller, resolution, arm)
    if (isGranted && allowsArm(gateway, request, arm)) return true
    for (const deployment of arm.deployments) removals.removed(deployment, 'access')
    return false
  })
  const wanted: CandidateRequest = {
    operation: request.operation,
    boundTo: request.boundTo,
    inputTokens: estimateInputTokens(request.bytes.length),
    capabilities: readCapabilities(request.body),
    tags: options.tags,
    teamId: caller.teamId,
    region: readRegion(request),
  }
  // Among several models one that cannot do it is never the right one, so abilities are always looked at.
  const rules = {
    routing: { ...routing, enablePreCallChecks: true },
    enforceLimits: gateway.strategy().enforcesLimits || routing.enablePreCallChecks,
    ignoreCooldown: false,
    breakers: breakersInForce(routing, gateway.states.providers),
    now: gateway.now(),
  }
  const candidates = open.flatMap(({ deployments }) => deployments)
  const kept = new Set<Deployment>(filterCandidates(candidates, wanted, rules, removals))
  return open.filter(({ deployments }) => deployments.some((deployment) => kept.has(deployment)))
}

/** The arms that are out, each with the reason of its last deployment; those of other teams are not there at all. */
function describeRemovals(
  { arms }: RoutedGroup,
  kept: readonly Arm[],
  { reasons }: Removals,
  caller: Caller,
): ModelChoice['filtered'] {
  return arms
    .filter(
      (arm) => !kept.includes(arm) && arm.deployments.some((deployment) => isOpenTo(deployment, caller)),
    )
    .map(({ name, deployments }) => {
      const last = deployments.findLast(({ id }) => reasons.has(id))
      return { model: name, reason: (last === undefined ? undefined : reasons.get(last.id)) ?? 'unavailable' }
    })
}

type Described = Pick<RouteAsked, 'routed' | 'arms' | 'filtered' | 'overrides' | 'dryRun' | 'filterUs'>

function describe(gateway: Gateway, request: ModelRequest, described: Described): RouteAsked {
  const { exchange, options, caller } = request
  const { harnessTags } = request.runtime.config.modelRouting
  const ask = readAsk(readForArms(gateway, request, described.arms) ?? nothing, harnessTags)
  return {
    ...described,
    ask,
    advice: null,
    bodyBytes: request.bytes.length,
    continuedArm:
      request.boundTo === null ? null : (described.routed.armOf.get(request.boundTo)?.name ?? null),
    configVersion: request.runtime.config.versionHash,
    tags: options.tags,
    userAgent: exchange.header('user-agent') ?? '',
    team: caller.teamId,
    workspaceId: workspaceOf(caller, null),
    userId: caller.userId ?? options.endUser,
    skills: described.overrides.skills ?? readSkills(request),
    learns: exchange.header('x-routeiq-learn') !== 'off',
    unit: {
      tenant: caller.organizationId ?? caller.teamId,
      user: caller.userId ?? options.endUser,
      requestId: exchange.requestId,
    },
    ...describeConversation(request, ask, described),
    now: gateway.now(),
  }
}

const nothing = { messages: [], tools: [], responseFormat: null, maxOutputTokens: null }

/** The skills a request names; what is wrong with how it names them is said where they are given to it. */
function readSkills({ exchange, body }: ModelRequest): RouteAsked['skills'] {
  const wish = exchange.header('x-routeiq-skills') ?? readRecord(body['routeiq'])?.['skills'] ?? null
  if (wish === null) return nobody
  try {
    const { names, bodies } = readSkillsWish(wish)
    return names.map((name, at) => ({ name, version: null, isInjected: at < (bodies ?? 0) }))
  } catch (error) {
    if (error instanceof MalformedWish) return nobody
    throw error
  }
}

const nobody: RouteAsked['skills'] = []

function readForArms(
  gateway: Gateway,
  request: ModelRequest,
  arms: readonly Arm[],
): ConversationRequest | null {
  const [deployment] = arms.flatMap(({ deployments }) => deployments)
  if (deployment === undefined) throw new Error('an arm without a deployment')
  return readConversation(gateway, request, deployment)
}

const sessionHeaders = [
  'x-routeiq-session-id',
  'x-claude-code-session-id',
  'session-id',
  'x-litellm-session-id',
] as const

/** What the conversation is known by: what the client calls it, else how it began; always with whose it is. */
function describeConversation(
  request: ModelRequest,
  ask: Ask,
  { overrides }: Described,
): Pick<RouteAsked, 'conversationKey' | 'isSessionNamed'> {
  const { caller, requestedModel } = request
  const named = nameConversation(request)
  const beginning = `${ask.systemText.slice(0, 200)}\u0000${ask.firstText.slice(0, 200)}`
  const terms = `${overrides.profile ?? ''}/${overrides.strategy ?? ''}/${overrides.lambda ?? ''}`
  const owner = `${caller.organizationId ?? ''}/${caller.keyHash ?? ''}`
  const parts = [owner, requestedModel, terms, named === null ? beginning : `named:${named}`]
  return {
    conversationKey: createHash('sha256').update(parts.join('\u0001')).digest('hex').slice(0, 32),
    isSessionNamed: named !== null,
  }
}

/** What the client calls its conversation; null where it does not. */
export function nameConversation({ exchange, body }: Pick<ModelRequest, 'exchange' | 'body'>): string | null {
  const [first, ...others] = sessionHeaders.map((name) => exchange.header(name))
  const members = ['previous_response_id', 'conversation', 'prompt_cache_key'].map((name) => {
    const value = body[name]
    return typeof value === 'string' ? value : ((value as { id?: unknown } | null | undefined)?.id ?? null)
  })
  const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''
  return [first, ...members, ...others].find(isName) ?? null
}

/** For those who may override the router. */
const reservedHeaders = ['x-routeiq-strategy', 'x-routeiq-lambda'] as const

/** Errors: 400 that names the header and what it takes. */
function readOverrides({ exchange, caller, runtime }: ModelRequest): RouteOverrides {
  const profile = exchange.header('x-routeiq-profile') ?? caller.governance?.routingProfile ?? null
  if (profile !== null && !isProfile(profile))
    throw invalid('x-routeiq-profile', `one of ${profiles.join(', ')}`)
  const maxCost = readAmount('x-routeiq-max-cost', exchange.header('x-routeiq-max-cost'))
  const mayOverride =
    holdsPermission(caller, 'router.override') || caller.metadata['router_override'] === true
  const ignored = mayOverride ? [] : reservedHeaders.filter((name) => exchange.header(name) !== null)
  const strategy = mayOverride ? exchange.header('x-routeiq-strategy') : null
  const lambda = mayOverride ? readAmount('x-routeiq-lambda', exchange.header('x-routeiq-lambda')) : null
  if (strategy !== null) requireStrategy(strategy, runtime.config.modelRouting.strictStrategies)
  return { profile, strategy, lambda, maxCost, ignored, skills: null }
}

function requireStrategy(name: string, isStrict: boolean): void {
  const entry = findStrategy(name)
  if (entry === null) throw invalid('x-routeiq-strategy', 'a strategy that GET /router/info lists')
  if (isStrict && entry.status === 'not_available')
    throw invalid('x-routeiq-strategy', `another strategy: ${name} is not available`)
}

function readAmount(name: string, text: string | null): number | null {
  if (text === null) return null
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw invalid(name, 'a number that is not negative')
  return value
}

function invalid(param: string, expected: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` must be ${expected}.`, { param })
}
