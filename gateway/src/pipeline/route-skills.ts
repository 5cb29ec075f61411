import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord } from '../conversation/json-value.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { Deployment } from '../deployments/deployment.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import { workspaceOf } from '../identity/workspace.ts'
import { MissingSkills, type SkillsAsked } from '../injection/skill-injector.ts'
import type { SkillTurn } from '../injection/skill-turn.ts'
import { type SkipReason, skippedOutcome } from '../injection/skills-outcome.ts'
import { MalformedWish, readSkillsWish, type SkillsWish } from '../injection/skills-wish.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import { carrierOf } from './carrier-of.ts'
import type { Gateway } from './gateway.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'

const header = 'x-routeiq-skills'

/**
 * Gives the request its skills where the caller, its key, the model's entry or the operator wants that. A request without
 * skills comes back as it is, at once. Errors: 400 `invalid_skills_header`, 404 `skill_not_found`; nothing else that goes
 * wrong with skills fails a request.
 */
export function routeSkills(
  gateway: Gateway,
  request: ModelRequest,
  resolution: Resolution,
  progress: Progress,
): ModelRequest | Promise<ModelRequest> {
  if (request.operation !== 'chat') return request
  const asked = request.exchange.header(header) ?? readRecord(request.body['routeiq'])?.['skills'] ?? null
  const configured = configuredWish(request, resolution)
  if (asked === null && configured === null) return request
  const { allowOverride } = request.runtime.config.skillInjection
  if (asked !== null && !allowOverride && configured === null) return skip(request, progress, 'locked')
  const wish =
    asked !== null && allowOverride ? readWish(asked, header) : readWish(configured, 'routeiq_skills')
  return wish === null ? request : inject(gateway, request, resolution, progress, wish)
}

/** What counts when the caller says nothing: its key's word, the model entry's, the operator's. */
function configuredWish({ caller, runtime }: ModelRequest, { group }: Resolution): unknown {
  const [deployment] = group.deployments
  return (
    caller.metadata['routeiq_skills'] ??
    deployment?.config.info.raw['routeiq_skills'] ??
    runtime.config.skillInjection.byDefault
  )
}

function readWish(value: unknown, param: string): SkillsWish | null {
  try {
    const wish = readSkillsWish(value)
    return wish.mode === 'off' ? null : wish
  } catch (error) {
    if (!(error instanceof MalformedWish)) throw error
    throw new GatewayError('invalid_skills_header', `${param}: ${error.message}`, { param })
  }
}

function skip(request: ModelRequest, progress: Progress, reason: SkipReason): ModelRequest {
  progress.skills = { outcome: skippedOutcome(reason) }
  return request
}

async function inject(
  gateway: Gateway,
  request: ModelRequest,
  { group }: Resolution,
  progress: Progress,
  wish: SkillsWish,
): Promise<ModelRequest> {
  const deployment = firstDeployment(group, progress.choice)
  const mockText = request.options.mockResponse ?? deployment?.config.mockResponse ?? null
  // What a provider keeps itself cannot be put together anew.
  if (deployment === undefined || request.boundTo !== null || mockText !== null)
    return skip(request, progress, 'unsupported-endpoint')
  const turn = await begin(gateway, describe(gateway, request, deployment, wish))
  if (typeof turn === 'string') return skip(request, progress, turn)
  progress.skills = turn
  return { ...request, skills: turn }
}

/** The deployment the skills are meant for: the first of the chosen model. */
function firstDeployment(group: Resolution['group'], choice: ModelChoice | null): Deployment | undefined {
  if (choice === null) return group.deployments[0]
  return group.deployments.find((deployment) => choice.routed.armOf.get(deployment)?.name === choice.chosen)
}

async function begin(gateway: Gateway, asked: SkillsAsked): Promise<SkillTurn | SkipReason> {
  try {
    return await gateway.skills.begin(asked)
  } catch (error) {
    if (!(error instanceof MissingSkills)) return 'error'
    const names = error.names.map((name) => `'${name}'`).join(', ')
    throw new GatewayError(
      'skill_not_found',
      `${header}: there is no skill ${names} for this key; \`missing=skip\` leaves such names out.`,
      { param: header },
    )
  }
}

function describe(
  gateway: Gateway,
  request: ModelRequest,
  deployment: Deployment,
  wish: SkillsWish,
): SkillsAsked {
  const { exchange, caller, body, requestedModel, operation, protocol } = request
  const carrier = carrierOf(gateway.blobs, deployment)
  const options = { operation, model: requestedModel, stream: request.stream, dropParams: true, carrier }
  const conversation = protocol.parseRequest(body, options)
  const agentName = exchange.header('x-routeiq-skills-agent') ?? caller.keyAlias
  const session = exchange.header('x-routeiq-session-id') ?? request.options.sessionId ?? ''
  return {
    wish,
    conversation,
    caller,
    workspaceId: workspaceOf(caller, exchange.header('x-workspace-id')),
    owner: [caller.keyHash ?? '', agentName ?? '', session].join('\n'),
    agentName,
    model: deployment.upstreamModel,
    routingId: exchange.header('x-routeiq-routing-id'),
    contextTokens: deployment.facts.maxInputTokens,
    withoutTool: refusesTool(conversation, deployment, body),
  }
}

/** Requests whose answers cannot be gone on with in between, and models that call no tools. */
function refusesTool(
  { toolChoice, choiceCount, responseFormat }: ConversationRequest,
  { facts }: Deployment,
  body: JsonRecord,
): boolean {
  const isForced = toolChoice?.type === 'none' || toolChoice?.type === 'tool'
  const isStructured = responseFormat !== null && responseFormat.type !== 'text'
  const isLeft = body['background'] === true || (body['conversation'] ?? null) !== null
  return (
    isForced ||
    isStructured ||
    isLeft ||
    choiceCount > 1 ||
    facts.supports['supports_function_calling'] === false
  )
}
