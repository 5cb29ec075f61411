import { GatewayError } from '@routeiq/contract'
import type { DialectId } from '../conversation/dialect.ts'
import { requireModelAllowed } from '../deployments/allowed-models.ts'
import type { Deployment, ModelGroup } from '../deployments/deployment.ts'
import type { Resolution } from '../deployments/resolve-model.ts'
import { facing } from '../deployments/select-wires.ts'
import { ClientGone } from '../http/read-body.ts'
import { headLine } from '../http/server/head-line.ts'
import { Attempt } from '../relay/attempt.ts'
import { requireNotBanned, requirePolicy, resolveRequested } from './admit.ts'
import { authenticate } from './authenticate.ts'
import { carrierOf } from './carrier-of.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { Gateway } from './gateway.ts'
import type { Arrival, ModelRequest } from './model-request.ts'
import { parse } from './parse.ts'
import { editBody } from './passthrough-exchange.ts'
import { Progress } from './progress.ts'
import { respondWithError } from './respond.ts'
import { describeResponse } from './response-headers.ts'
import { previewSkills } from './route-skills.ts'
import { settle } from './settle.ts'
import { InjectedRequest } from './skills/injected-request.ts'
import { describeTarget } from './upstream-exchange.ts'

/** A provider that has not counted by then is not waited for. */
const nativeTimeoutMs = 2_000

const head = headLine('content-type', 'application/json')

/** Dialects whose counting takes the prompt as their answering does. */
const countsInjected: ReadonlySet<DialectId> = new Set(['anthropic-messages', 'openai-responses'])

interface Counted {
  readonly body: Buffer | string
  readonly method: 'native' | 'tokenizer' | 'estimate'
}

/**
 * How many tokens a prompt has, in the dialect it is written in: counted by the provider where one of the group
 * speaks the dialect and answers in time, else here. Costs nothing and holds nothing of the model.
 */
export async function countTokens(gateway: Gateway, arrival: Arrival): Promise<void> {
  const runtime = gateway.runtime()
  const progress = new Progress(false)
  let request: ModelRequest | null = null
  try {
    progress.caller = await authenticate(gateway.identity, arrival.exchange, 'user', undefined, true)
    request = await parse(runtime, arrival, progress.caller)
    const resolution = admit(gateway, request)
    const { group } = resolution
    request = await previewSkills(gateway, request, resolution, progress)
    const { body, method } =
      (await countNatively(gateway, request, group)) ?? (await countHere(gateway, request, group))
    progress.status = 200
    const lines = describeResponse(request, progress, performance.now())
    arrival.exchange.send(200, head + headLine('x-routeiq-token-count', method) + lines, body)
  } catch (thrown) {
    if (!(thrown instanceof ClientGone)) respondWithError(runtime, arrival, request, progress, null, thrown)
  } finally {
    settle(gateway, arrival, request, progress, null)
  }
}

function admit(gateway: Gateway, request: ModelRequest): Resolution {
  const resolution = resolveRequested(request)
  requireModelAllowed(request.caller.grants, request.caller.layers, resolution)
  requireNotBanned(request.runtime, resolution)
  requirePolicy(gateway, request, resolution)
  return resolution
}

/** Null when no provider that anybody may use counts prompts of this dialect, or it did not in time. */
async function countNatively(
  gateway: Gateway,
  request: ModelRequest,
  { deployments }: ModelGroup,
): Promise<Counted | null> {
  const now = gateway.now()
  const callable = deployments.map((deployment) => facing(deployment, request.protocol.id))
  const deployment = callable.find(
    ({ wire, state, restricted }) =>
      wire.dialect === request.protocol.id &&
      (request.skills === null || countsInjected.has(wire.dialect)) &&
      wire.countingPath !== undefined &&
      !restricted &&
      !state.isCoolingDown(now),
  )
  const chatPath = deployment?.paths.chat ?? null
  const path = chatPath === null ? undefined : deployment?.wire.countingPath?.(chatPath)
  if (deployment === undefined || path === undefined) return null
  const attempt = new Attempt(
    { origin: deployment.origin, method: 'POST', path, ...describeCall(gateway, request, deployment) },
    {
      transport: gateway.transport,
      timeoutMs: nativeTimeoutMs,
      idleTimeoutMs: nativeTimeoutMs,
      maxResponseBytes: request.runtime.config.server.maxResponseBytes,
      relay: null,
      readReply: (body) => ({ body, usage: null }),
      decodeError: (status, headers, body) =>
        deployment.wire.decodeError(status, headers, body, deployment.provider),
    },
  )
  request.exchange.whenClientGone(() => attempt.cancel())
  const result = await attempt.result
  if (result.kind === 'cancelled') throw new ClientGone()
  const { reply } = result.kind === 'reply' ? result : { reply: null }
  return reply === null ? null : { body: Buffer.from(reply.body as Buffer), method: 'native' }
}

/** What of a prompt with skills providers count; what concerns the answer they refuse. */
const counted = new Set([
  ...['model', 'messages', 'system', 'input', 'instructions', 'tools', 'tool_choice', 'thinking'],
  ...['mcp_servers', 'context_management', 'output_config', 'text', 'reasoning', 'parallel_tool_calls'],
])

/** The deployment's default parameters stay out: counting takes none of them. */
function describeCall({ blobs }: Gateway, request: ModelRequest, deployment: Deployment) {
  const { body, operation, skills } = request
  if (skills !== null) {
    const injected = new InjectedRequest(request, skills, { deployment, overrides: null }, blobs)
    const { encoded, exchange } = injected.next(true)
    const kept = Object.entries(encoded.body).filter(([name]) => counted.has(name))
    return {
      headers: exchange.headers,
      authorization: deployment.authorization,
      body: Buffer.from(JSON.stringify(Object.fromEntries(kept))),
    }
  }
  const edits = deployment.wire.editPassthrough(body, describeTarget(request, deployment), operation)
  return {
    headers: forwardedHeaders(request, deployment, []),
    authorization: deployment.authorization,
    body: editBody(request, deployment, body, edits),
  }
}

async function countHere(gateway: Gateway, request: ModelRequest, group: ModelGroup): Promise<Counted> {
  const { protocol, operation, body, requestedModel } = request
  const [deployment] = group.deployments
  if (deployment === undefined || protocol.formatTokenCount === undefined)
    throw new GatewayError('not_found', 'This dialect counts no tokens.')
  const carrier = carrierOf(gateway.blobs, deployment)
  const options = { operation, model: requestedModel, stream: false, dropParams: true, carrier }
  const parsed = protocol.parseRequest(body, options)
  const conversation = request.skills === null ? parsed : request.skills.prepare(parsed)
  const { tokens, method } = await gateway.tokens.count(conversation, deployment.upstreamModel)
  return { body: Buffer.from(JSON.stringify(protocol.formatTokenCount(tokens))), method }
}
