import { randomUUID } from 'node:crypto'
import type { ClientCapabilities } from '@modelcontextprotocol/client'
import type { Caller } from '../../identity/caller.ts'
import type { RequestTrace } from '../../telemetry/spans/request-trace.ts'
import { isSignedInTo } from '../accounts/accounts.ts'
import type { McpServer } from '../server.ts'
import type { UpstreamIdentity } from '../upstream/credentials.ts'
import { formatParamHeaders } from '../upstream/param-headers.ts'
import { UpstreamFailure } from '../upstream/upstream-failure.ts'
import type { Interaction, McpResult, UpstreamSession } from '../upstream/upstream-session.ts'
import type { UpstreamRequest, Upstreams } from '../upstream/upstreams.ts'
import type { ViewItem } from '../view/catalogue-view.ts'
import { bridgedCapabilities, type Downstream, passOn } from './downstream.ts'
import type { CarriedState, RequestStates, StateScope } from './request-state.ts'
import { findAskProblem, findUndeclared } from './required-capabilities.ts'
import { internalError, invalidParams, RpcError, rpcErrorOf, urlElicitationRequired } from './rpc-error.ts'
import { type CallEvent, type ParkedCalls, RunningCall } from './running-call.ts'
import type { ToolAdmission, ToolCall } from './tool-call.ts'
import { traceAttempt } from './trace-call.ts'

const maxRounds = 8
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities'
const logLevelKey = 'io.modelcontextprotocol/logLevel'

export interface RelayDependencies {
  readonly upstreams: Upstreams
  /** Errors: rejects with an `UpstreamFailure` of kind `sign_in` when the caller needs an account. */
  readonly identify: (server: McpServer, downstream: Downstream) => Promise<UpstreamIdentity>
  /** What is remembered of the caller's account may be old: it is read again. */
  readonly forgetAccount: (server: McpServer, downstream: Downstream) => void
  /** An address at which the caller can sign in to a server; null where signing in is off. */
  readonly offerSignIn: (server: McpServer, downstream: Downstream) => Promise<string | null>
  /** Holds a call of a tool to the limits of its caller. Errors: rejects with a `GatewayError`. */
  readonly admitTool: (caller: Caller, tool: ViewItem) => Promise<ToolAdmission | null>
  /** A call of a tool is over. */
  readonly settleTool: (call: ToolCall) => void
  /** Whether calls are traced, of requests whose trace is kept. */
  readonly tracesCalls: () => boolean
  readonly now: () => number
  readonly states: RequestStates
  readonly parked: ParkedCalls
}

/** One request for one server, with the names the server knows. */
export interface RelayTarget {
  readonly server: McpServer
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** What the state of a retry is bound to, beside the principal and the server. */
  readonly name: string
  /** The schema whose marked arguments travel as headers too. */
  readonly schema?: unknown
  readonly timeoutMs: number
}

/**
 * Sends a request to a server and brings back its result, whatever eras the two sides speak. Errors: rejects with an
 * `RpcError`.
 */
export async function relay(
  deps: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
): Promise<McpResult> {
  const carried = openState(deps, downstream, target)
  try {
    if (carried?.kind === 'parked') return await resumeParked(deps, downstream, target, carried.id)
    if (downstream.era === 'legacy') return await relayForLegacy(deps, downstream, target)
    return await relayForModern(deps, downstream, target, carried)
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error
    if (error.kind !== 'sign_in' && error.kind !== 'auth_required') throw rpcErrorOf(error)
    return await sendToSignIn(deps, downstream, target, error)
  }
}

/** The caller needs an account, or one with more rights: it is asked to open an address, or told of it. */
async function sendToSignIn(
  { offerSignIn, states }: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
  failure: UpstreamFailure,
): Promise<McpResult> {
  const isOffered = failure.kind === 'sign_in' || isSignedInTo(target.server)
  const url = isOffered ? await offerSignIn(target.server, downstream) : null
  if (url === null) throw rpcErrorOf(failure)
  const message = `${failure.message} Sign in at ${url} and try again.`
  const { elicitation } = downstream.capabilities as { elicitation?: { url?: unknown } }
  if (elicitation?.url === undefined)
    throw new RpcError(internalError, message, { reason: 'sign_in', authorize_url: url })
  const elicitationId = randomUUID()
  const params = { mode: 'url', message: failure.message, url, elicitationId }
  if (downstream.era === 'legacy')
    throw new RpcError(urlElicitationRequired, failure.message, { elicitations: [params] })
  return {
    resultType: 'input_required',
    inputRequests: { sign_in: { method: 'elicitation/create', params } },
    requestState: states.seal({ kind: 'again' }, scopeOf(downstream, target)),
  }
}

function scopeOf(downstream: Downstream, { server, method, name, params }: RelayTarget): StateScope {
  const { serverId } = server.settings
  return { principal: downstream.principal, serverId, method, name, args: params['arguments'] }
}

function openState(
  deps: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
): CarriedState | null {
  if (downstream.requestState === null) return null
  const state = deps.states.open(downstream.requestState, scopeOf(downstream, target))
  if (state === null) throw invalidState()
  return state
}

/** Without detail: what is wrong with a state is nobody's business but ours. */
function invalidState(): RpcError {
  return new RpcError(invalidParams, 'Invalid or expired requestState')
}

/** A legacy client is asked over its stream, by legacy and modern servers alike. */
async function relayForLegacy(
  deps: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
): Promise<McpResult> {
  const interaction: Interaction = {
    onRequest: (method, params) => downstream.ask(method, params),
    onNotification: (method, params) => passOn(downstream, method, params),
  }
  const progress = progressOf(downstream)
  let retry: Record<string, unknown> = {}
  for (let round = 0; round <= maxRounds; round += 1) {
    const result = await send(deps, downstream, target, {
      signal: downstream.signal,
      interaction,
      progress,
      retry,
    })
    if (result['resultType'] !== 'input_required') return result
    const requests = readRequests(result['inputRequests'])
    const problem = findUnanswerable(requests, downstream)
    if (problem !== null) return refuseQuestion(target, problem)
    const answers = await Promise.all(
      Object.entries(requests).map(async ([key, { method, params }]) => [
        key,
        await downstream.ask(method, params),
      ]),
    )
    retry = {
      ...(answers.length > 0 && { inputResponses: Object.fromEntries(answers) }),
      ...(result['requestState'] !== undefined && { requestState: result['requestState'] }),
    }
  }
  throw new RpcError(internalError, `The server still wants input after ${maxRounds} rounds.`)
}

/** It should not occur: the server was told what the client can be asked. */
function findUnanswerable(
  requests: Readonly<Record<string, InputRequest>>,
  { capabilities }: Downstream,
): string | null {
  const problems = Object.values(requests).map(({ method, params }) =>
    findAskProblem(method, params, capabilities),
  )
  return problems.find((problem) => problem !== null) ?? null
}

/** Models read results of tools. */
function refuseQuestion({ method }: RelayTarget, problem: string): McpResult {
  if (method !== 'tools/call') throw new RpcError(internalError, problem)
  return { content: [{ type: 'text', text: problem }], isError: true }
}

async function relayForModern(
  deps: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
  carried: CarriedState | null,
): Promise<McpResult> {
  const call = new RunningCall(downstream)
  const state = carried?.kind === 'upstream' ? carried.state : null
  const retry = {
    ...(downstream.inputResponses !== null &&
      carried?.kind !== 'again' && {
        inputResponses: downstream.inputResponses,
      }),
    ...(state !== null && { requestState: state }),
  }
  call.run(
    send(deps, downstream, target, {
      signal: call.signal,
      interaction: {
        onRequest: (method, params) => call.onRequest(method, params),
        onNotification: (method, params) => call.onNotification(method, params),
      },
      progress: downstream.progressToken === null ? null : (params) => call.onProgress(params),
      retry,
    }),
  )
  return settle(deps, downstream, target, call, await call.next())
}

async function resumeParked(
  deps: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
  id: string,
): Promise<McpResult> {
  const call = deps.parked.take(id)
  if (call === null) throw invalidState()
  call.resume(downstream)
  return settle(deps, downstream, target, call, await call.next())
}

function settle(
  { states, parked }: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
  call: RunningCall,
  event: CallEvent,
): McpResult {
  const scope = scopeOf(downstream, target)
  if (event.kind === 'failed') return failOrSendAway(event.error, states, scope)
  if (event.kind === 'asked') {
    const requestState = states.seal({ kind: 'parked', id: parked.park(call) }, scope)
    return { resultType: 'input_required', inputRequests: event.requests, requestState }
  }
  const { result } = event
  if (result['resultType'] !== 'input_required') return result
  const given = result['requestState']
  const state = typeof given === 'string' ? given : null
  return { ...result, requestState: states.seal({ kind: 'upstream', state }, scope) }
}

/** A legacy server that wants its user at an address says so in an error; modern clients know it as a question. */
function failOrSendAway(error: unknown, states: RequestStates, scope: StateScope): McpResult {
  if (!(error instanceof UpstreamFailure) || error.code !== urlElicitationRequired) throw error
  const { elicitations } = (error.data ?? {}) as { elicitations?: unknown }
  if (!Array.isArray(elicitations) || elicitations.length === 0) throw error
  const requests = elicitations.map((params, index) => [
    `url${index + 1}`,
    { method: 'elicitation/create', params },
  ])
  return {
    resultType: 'input_required',
    inputRequests: Object.fromEntries(requests),
    requestState: states.seal({ kind: 'again' }, scope),
  }
}

interface Sending {
  readonly signal: AbortSignal
  readonly interaction: Interaction
  readonly progress: ((params: Record<string, unknown>) => void) | null
  /** Members of the request that only a retry has. */
  readonly retry: Readonly<Record<string, unknown>>
}

/** A server that misses something the client does have is asked once more, with that declared. */
async function send(
  deps: RelayDependencies,
  downstream: Downstream,
  target: RelayTarget,
  sending: Sending,
): Promise<McpResult> {
  const declared = bridgedCapabilities(downstream.capabilities)
  try {
    return await sendDeclaring(declared, deps, downstream, target, sending)
  } catch (error) {
    const more = findUndeclared(error, declared, downstream.capabilities)
    if (more === null) throw error
    return sendDeclaring({ ...declared, ...more }, deps, downstream, target, sending)
  }
}

async function sendDeclaring(
  capabilities: ClientCapabilities,
  { upstreams, identify, forgetAccount, tracesCalls }: RelayDependencies,
  downstream: Downstream,
  { server, method, params, name, schema, timeoutMs }: RelayTarget,
  { signal, interaction, progress, retry }: Sending,
): Promise<McpResult> {
  const trace = tracesCalls() ? downstream.origin.trace : null
  const marked = schema === undefined ? undefined : formatParamHeaders(schema, params['arguments'])
  const headers = trace === null ? marked : { ...marked, traceparent: trace.traceparent }
  const request: Omit<UpstreamRequest, 'identity'> = {
    server,
    principal: downstream.principal,
    capabilities,
    method,
    params: (era) => ({
      ...params,
      ...retry,
      ...metaOf(era, downstream, capabilities, trace),
    }),
    options: {
      signal,
      timeoutMs,
      ...(headers !== undefined && { headers }),
      ...(progress !== null && { onProgress: progress }),
    },
    interaction,
    onAttempt: trace === null ? null : (attempt) => traceAttempt(trace, { server, method, name }, attempt),
  }
  const identity = await identify(server, downstream)
  try {
    return await upstreams.call({ ...request, identity })
  } catch (error) {
    const isRefused = error instanceof UpstreamFailure && error.kind === 'auth_required'
    if (!isRefused || identity.tokens === undefined) throw error
    // Its owner may have signed in anew by another process.
    forgetAccount(server, downstream)
    return upstreams.call({ ...request, identity: await identify(server, downstream) })
  }
}

/** `_meta` for the server: the client's own, and for a modern server what this client can do. */
function metaOf(
  era: UpstreamSession['era'],
  { meta, logLevel }: Downstream,
  capabilities: object,
  trace: RequestTrace | null,
): { readonly _meta?: Record<string, unknown> } {
  const modern =
    era === 'modern'
      ? { [capabilitiesKey]: capabilities, ...(logLevel !== null && { [logLevelKey]: logLevel }) }
      : {}
  const traced = trace === null ? {} : { traceparent: trace.traceparent }
  const all = { ...traced, ...meta, ...modern }
  return Object.keys(all).length === 0 ? {} : { _meta: all }
}

function progressOf(downstream: Downstream): Sending['progress'] {
  const { progressToken } = downstream
  if (progressToken === null) return null
  return (params) => downstream.notify('notifications/progress', { ...params, progressToken })
}

interface InputRequest {
  readonly method: string
  readonly params: Record<string, unknown>
}

function readRequests(value: unknown): Readonly<Record<string, InputRequest>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).map(([key, request]: [string, Partial<InputRequest> | null]) => [
      key,
      { method: String(request?.method), params: request?.params ?? {} },
    ]),
  )
}
