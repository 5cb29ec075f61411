import { createHash } from 'node:crypto'
import {
  type ClientCapabilities,
  Server,
  type ServerCapabilities,
  type ServerContext,
  type StandardSchemaV1,
} from '@modelcontextprotocol/server'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'
import type { Caller } from '../../identity/caller.ts'
import type { CallOrigin, Downstream, TracedMessage } from '../call/downstream.ts'
import { methodNotFound, RpcError } from '../call/rpc-error.ts'
import { traceMessage } from '../call/trace-call.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'
import {
  answerMethod,
  answersMethod,
  type MethodDependencies,
  measuredName,
  ownerOf,
} from './answer-method.ts'
import { type CallerSkills, skillScheme, skillsExtension, skillsName } from './answer-skills.ts'
import { taskCapabilities } from './answer-tasks.ts'
import { listExtensions, mayBelong, tasksExtension, withKnownExtensions } from './extensions.ts'

const askTimeoutMs = 300_000
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities'
const logLevelKey = 'io.modelcontextprotocol/logLevel'
const validator = new AjvJsonSchemaValidator()

export interface ProtocolServerOptions extends MethodDependencies {
  readonly era: 'legacy' | 'modern'
  readonly principal: string
  readonly caller: Caller
  /** Of a server for one request; another than the known ones is not found (404). */
  readonly method?: unknown
  readonly serverInfo: { readonly name: string; readonly version: string }
  /** What the caller sees now; null when nothing of its selection is left. */
  readonly view: () => CatalogueView | null
  /** The headers of the request under way; those of the first one for a session. */
  readonly headers: () => Readonly<Record<string, string | undefined>>
  /** Of the request under way. */
  readonly origin: () => CallOrigin
  /** A request was answered, or refused, after so many milliseconds. */
  readonly onAnswer: (method: string, durationMs: number) => void
  /** Legacy sessions: a resource to hear of from now on, or no more. */
  readonly subscribe?: (view: CatalogueView, uri: string) => Promise<void>
  readonly unsubscribe?: (uri: string) => void
}

type Params = Readonly<Record<string, unknown>>

/** Takes every result as it is. */
const anything: StandardSchemaV1<unknown, McpResult> = {
  '~standard': { version: 1, vendor: 'routeiq', validate: (value) => ({ value: value as McpResult }) },
}

/** The gateway as a server of the protocol: for one request of a modern client, or one session of a legacy one. */
export function createProtocolServer(options: ProtocolServerOptions): Server {
  const view = options.view()
  // One server keeps what is its own, its extensions included.
  const skills = view?.isSingle === true ? null : options.skills
  const extensions = listExtensions(view, options.era)
  const server = new Server(options.serverInfo, {
    capabilities: {
      ...capabilitiesOf(view, { ...extensions, ...(skills !== null && skillsExtension) }),
      ...(options.era === 'legacy' && taskCapabilities(view?.offers.values() ?? [])),
    },
    jsonSchemaValidator: validator,
    ...(view?.instructions && { instructions: view.instructions }),
  })
  let logLevel: string | null = null
  if (options.era === 'legacy') {
    server.setRequestHandler('logging/setLevel', ({ params }) => {
      logLevel = params.level
      return {}
    })
  }
  server.onerror = () => {}
  const { method: only } = options
  if (typeof only === 'string' && !answersMethod(only, skills) && !mayBelong(only, extensions)) return server
  const answer = async (method: string, params: Params, context: ServerContext): Promise<McpResult> => {
    const current = options.view()
    if (current === null) throw new RpcError(methodNotFound, 'Method not found')
    const own =
      options.era === 'legacy' ? await answerSubscription(options, current, skills, method, params) : null
    if (own !== null) return own
    const message = tracedMessage(options, server, context)
    const downstream = downstreamOf(options, server, context, logLevel, message)
    const answerNow = () =>
      answerMethod({ ...options, skills, extensions }, current, downstream, method, params)
    return message === undefined ? answerNow() : answerTraced(options, message, method, answerNow)
  }
  const { now, onAnswer } = options
  const answerMeasured = async (
    method: string,
    params: Params,
    context: ServerContext,
  ): Promise<McpResult> => {
    const startedAt = now()
    try {
      return await answer(method, params, context)
    } finally {
      onAnswer(measuredName(method), now() - startedAt)
    }
  }
  server.fallbackRequestHandler = ({ method, params = {} }, context) =>
    answerMeasured(method, params, context as ServerContext)
  // The package keeps these names of the older form to itself unless somebody asks for them.
  if (tasksExtension in extensions)
    for (const method of ['tasks/get', 'tasks/cancel'])
      server.setRequestHandler(method, { params: anything }, (params, context) =>
        answerMeasured(method, params, context),
      )
  return server
}

/** What the selected servers have between them. */
function capabilitiesOf(
  view: CatalogueView | null,
  extensions: NonNullable<ServerCapabilities['extensions']>,
): ServerCapabilities {
  const offers = [...(view?.offers.values() ?? [])]
  const has = (name: string): boolean => offers.some(({ capabilities }) => capabilities[name] !== undefined)
  return {
    tools: { listChanged: true },
    ...((skillsName in extensions || has('resources') || (view?.resources.length ?? 0) > 0) && {
      resources: { listChanged: true, subscribe: true },
    }),
    ...(has('prompts') && { prompts: { listChanged: true } }),
    ...(has('completions') && { completions: {} }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
    logging: {},
  }
}

/** Nothing is made where nobody will read it. */
function tracedMessage(
  { origin, config }: ProtocolServerOptions,
  server: Server,
  { mcpReq, sessionId }: ServerContext,
): TracedMessage | undefined {
  if (origin().trace === null || !config().tracesCalls) return undefined
  return {
    id: String(mcpReq.id),
    protocolVersion: server.getNegotiatedProtocolVersion() ?? null,
    session:
      sessionId === undefined ? null : createHash('sha256').update(sessionId).digest('hex').slice(0, 16),
  }
}

/** Calls of tools have spans of their own, whoever makes them. */
async function answerTraced(
  { origin, now }: ProtocolServerOptions,
  message: TracedMessage,
  method: string,
  answer: () => Promise<McpResult> | McpResult,
): Promise<McpResult> {
  const { trace } = origin()
  if (trace === null || method === 'tools/call') return answer()
  const startedAt = now()
  const end = (error: unknown): void =>
    traceMessage(trace, message, method, { startedAt, endedAt: now(), error })
  try {
    const result = await answer()
    end(null)
    return result
  } catch (error) {
    end(error)
    throw error
  }
}

async function answerSubscription(
  options: ProtocolServerOptions,
  view: CatalogueView,
  skills: CallerSkills | null,
  method: string,
  params: Params,
): Promise<McpResult | null> {
  if (method !== 'resources/subscribe' && method !== 'resources/unsubscribe') return null
  const { uri } = params
  if (typeof uri !== 'string') throw new RpcError(-32_602, 'params.uri must be a URI.')
  if (method === 'resources/unsubscribe') options.unsubscribe?.(uri)
  else {
    const isSkill = skills !== null && uri.startsWith(skillScheme)
    if (!isSkill && ownerOf(view, uri) === null) throw new RpcError(-32_002, 'Resource not found', { uri })
    await options.subscribe?.(view, uri)
  }
  return {}
}

function downstreamOf(
  { era, principal, caller, headers, origin, view }: ProtocolServerOptions,
  server: Server,
  { mcpReq }: ServerContext,
  sessionLevel: string | null,
  message: TracedMessage | undefined,
): Downstream {
  const { progressToken, ...meta } = mcpReq._meta ?? {}
  const envelope = (mcpReq.envelope ?? {}) as Readonly<Record<string, unknown>>
  const level = envelope[logLevelKey]
  const state = mcpReq.requestState()
  const capabilities =
    era === 'modern'
      ? ((envelope[capabilitiesKey] ?? {}) as ClientCapabilities)
      : (server.getClientCapabilities() ?? {})
  return {
    era,
    principal,
    caller,
    headers: headers(),
    origin:
      message === undefined ? origin() : { requestId: origin().requestId, trace: origin().trace, message },
    capabilities: withKnownExtensions(capabilities, listExtensions(view(), era)),
    logLevel: era === 'modern' ? (typeof level === 'string' ? level : null) : sessionLevel,
    signal: mcpReq.signal,
    meta,
    progressToken: progressToken ?? null,
    inputResponses: (mcpReq.inputResponses as Record<string, unknown> | undefined) ?? null,
    requestState: typeof state === 'string' ? state : null,
    notify: (method, params) => void mcpReq.notify({ method, params } as never).catch(() => {}),
    ask: (method, params) =>
      mcpReq.send({ method, params }, anything, { timeout: askTimeoutMs, signal: mcpReq.signal }),
  }
}
