import {
  type ClientCapabilities,
  Server,
  type ServerCapabilities,
  type ServerContext,
  type StandardSchemaV1,
} from '@modelcontextprotocol/server'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv'
import type { Caller } from '../../identity/caller.ts'
import type { CallOrigin, Downstream } from '../call/downstream.ts'
import { methodNotFound, RpcError } from '../call/rpc-error.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'
import { answerMethod, answersMethod, type MethodDependencies, ownerOf } from './answer-method.ts'
import { type CallerSkills, skillScheme, skillsExtension } from './answer-skills.ts'

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
  /** Legacy sessions: a resource to hear of from now on, or no more. */
  readonly subscribe?: (view: CatalogueView, uri: string) => Promise<void>
  readonly unsubscribe?: (uri: string) => void
}

/** Takes every result as it is. */
const anything: StandardSchemaV1<unknown, McpResult> = {
  '~standard': { version: 1, vendor: 'routeiq', validate: (value) => ({ value: value as McpResult }) },
}

/** The gateway as a server of the protocol: for one request of a modern client, or one session of a legacy one. */
export function createProtocolServer(options: ProtocolServerOptions): Server {
  const view = options.view()
  // One server keeps what is its own, its extensions included.
  const skills = view?.isSingle === true ? null : options.skills
  const server = new Server(options.serverInfo, {
    capabilities: capabilitiesOf(view, skills),
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
  if (typeof options.method === 'string' && !answersMethod(options.method, skills)) return server
  server.fallbackRequestHandler = async ({ method, params = {} }, context) => {
    const current = options.view()
    if (current === null) throw new RpcError(methodNotFound, 'Method not found')
    const own =
      options.era === 'legacy' ? await answerSubscription(options, current, skills, method, params) : null
    if (own !== null) return own
    const downstream = downstreamOf(options, server, context as ServerContext, logLevel)
    return answerMethod({ ...options, skills }, current, downstream, method, params)
  }
  return server
}

/** What the selected servers have between them. */
function capabilitiesOf(view: CatalogueView | null, skills: CallerSkills | null): ServerCapabilities {
  const offers = [...(view?.offers.values() ?? [])]
  const has = (name: string): boolean => offers.some(({ capabilities }) => capabilities[name] !== undefined)
  return {
    tools: { listChanged: true },
    ...((skills !== null || has('resources') || (view?.resources.length ?? 0) > 0) && {
      resources: { listChanged: true, subscribe: true },
    }),
    ...(has('prompts') && { prompts: { listChanged: true } }),
    ...(has('completions') && { completions: {} }),
    ...(skills !== null && { extensions: skillsExtension }),
    logging: {},
  }
}

async function answerSubscription(
  options: ProtocolServerOptions,
  view: CatalogueView,
  skills: CallerSkills | null,
  method: string,
  params: Readonly<Record<string, unknown>>,
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
  { era, principal, caller, headers, origin }: ProtocolServerOptions,
  server: Server,
  { mcpReq }: ServerContext,
  sessionLevel: string | null,
): Downstream {
  const { progressToken, ...meta } = mcpReq._meta ?? {}
  const envelope = (mcpReq.envelope ?? {}) as Readonly<Record<string, unknown>>
  const level = envelope[logLevelKey]
  const state = mcpReq.requestState()
  return {
    era,
    principal,
    caller,
    headers: headers(),
    origin: origin(),
    capabilities:
      era === 'modern'
        ? ((envelope[capabilitiesKey] ?? {}) as ClientCapabilities)
        : (server.getClientCapabilities() ?? {}),
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
