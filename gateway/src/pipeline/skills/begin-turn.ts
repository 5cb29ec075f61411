import { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import type { ConversationRequest } from '../../conversation/request.ts'
import type { Deployment } from '../../deployments/deployment.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import { MissingSkills, type SkillsAsked } from '../../injection/skill-injector.ts'
import type { SkillTurn } from '../../injection/skill-turn.ts'
import type { SkipReason } from '../../injection/skills-outcome.ts'
import type { SkillsWish } from '../../injection/skills-wish.ts'
import { carrierOf } from '../carrier-of.ts'
import type { Gateway } from '../gateway.ts'
import type { ModelRequest } from '../model-request.ts'
import { type ParsedRequest, tryParseWithSkills } from './parse-with-skills.ts'

/** Skills for a request, and what was read of it to choose them. */
export interface BegunTurn {
  readonly turn: SkillTurn
  /** Null where the expected deployment could not take the request. */
  readonly parsed: ParsedRequest | null
}

/**
 * The skills of a request for the deployment that will probably answer it, or why it gets none. Errors: 404
 * `skill_not_found` for names the wish insists on.
 */
export async function beginTurn(
  gateway: Gateway,
  request: ModelRequest,
  deployment: Deployment,
  wish: SkillsWish,
  extra: Pick<SkillsAsked, 'pinned' | 'isDryRun' | 'code'> = {},
): Promise<BegunTurn | SkipReason> {
  const { mockResponse } = request.options
  // What a provider keeps itself cannot be put together anew.
  if (request.boundTo !== null || (mockResponse ?? deployment.mockResponse) !== null)
    return 'unsupported-endpoint'
  const parsed = tryParseWithSkills(request, deployment, gateway.blobs)
  const conversation = parsed?.conversation ?? parseLeniently(gateway, request, deployment)
  const asked = describe(request, deployment, conversation)
  const { pinned, isDryRun = false, code = null } = extra
  try {
    const turn = await gateway.skills.begin({
      ...asked,
      wish,
      isDryRun,
      code,
      ...(pinned === undefined ? {} : { pinned }),
    })
    return typeof turn === 'string' ? turn : { turn, parsed }
  } catch (error) {
    if (!(error instanceof MissingSkills)) return 'error'
    const names = error.names.map((name) => `'${name}'`).join(', ')
    throw new GatewayError(
      'skill_not_found',
      `x-routeiq-skills: there is no skill ${names} for this key; \`missing=skip\` leaves such names out.`,
      { param: 'x-routeiq-skills' },
    )
  }
}

/** Whom skills are chosen for. */
export function askerOf({ exchange, caller }: ModelRequest): {
  readonly workspaceId: string
  readonly agentName: string | null
} {
  return {
    workspaceId: workspaceOf(caller, exchange.header('x-workspace-id')),
    agentName: exchange.header('x-routeiq-skills-agent') ?? caller.keyAlias,
  }
}

/** Without what this deployment would refuse, which is for a later stage to say. */
function parseLeniently(
  { blobs }: Gateway,
  { body, requestedModel, operation, protocol, stream }: ModelRequest,
  deployment: Deployment,
): ConversationRequest {
  const carrier = carrierOf(blobs, deployment)
  return protocol.parseRequest(body, { operation, model: requestedModel, stream, dropParams: true, carrier })
}

function describe(
  request: ModelRequest,
  deployment: Deployment,
  conversation: ConversationRequest,
): Omit<SkillsAsked, 'wish'> {
  const { exchange, caller, body } = request
  const { workspaceId, agentName } = askerOf(request)
  const session = exchange.header('x-routeiq-session-id') ?? request.options.sessionId ?? ''
  return {
    conversation,
    caller,
    workspaceId,
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
