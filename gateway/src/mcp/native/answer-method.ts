import { createHash } from 'node:crypto'
import { type ServerCapabilities, UriTemplate } from '@modelcontextprotocol/server'
import { GatewayError } from '@routeiq/contract'
import type { McpConfig } from '../../config/config.ts'
import { callTool, findTool } from '../call/call-tool.ts'
import type { Downstream } from '../call/downstream.ts'
import { relay } from '../call/relay.ts'
import {
  callsDisabled,
  invalidParams,
  methodNotFound,
  RpcError,
  refused,
  resourceNotFound,
} from '../call/rpc-error.ts'
import { findArgumentProblem } from '../call/validate-arguments.ts'
import { aliasOf, type McpServer } from '../server.ts'
import { maxFreshMs } from '../upstream/read-offer.ts'
import type { McpResult } from '../upstream/upstream-session.ts'
import type { CatalogueView, ViewItem } from '../view/catalogue-view.ts'
import {
  answerSkills,
  type CallerSkills,
  listSkillResources,
  readSkillFile,
  skillMethods,
  skillTemplate,
} from './answer-skills.ts'
import { answerTask, offersTasks, type TaskDependencies, taskMethods, withOwnTask } from './answer-tasks.ts'
import { type Cursors, unknownCursor } from './cursor.ts'
import { extensionTaskMethods, mayBelong } from './extensions.ts'

export interface MethodDependencies extends TaskDependencies {
  readonly config: () => McpConfig
  readonly cursors: Cursors
  /** Null where they are not served. */
  readonly skills: CallerSkills | null
  /** Those of the one server of the address. */
  readonly extensions?: NonNullable<ServerCapabilities['extensions']>
}

type Params = Readonly<Record<string, unknown>>

const protocolMethods: ReadonlySet<string> = new Set([
  ...['tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'completion/complete'],
  ...['resources/list', 'resources/templates/list', 'resources/read'],
])

/** Whether a method of the revision without sessions is answered here. */
export function answersMethod(method: string, skills: CallerSkills | null): boolean {
  return protocolMethods.has(method) || (skills !== null && skillMethods.has(method))
}

const measuredMethods: ReadonlySet<string> = new Set([
  ...protocolMethods,
  ...skillMethods,
  ...taskMethods,
  ...extensionTaskMethods,
  ...['resources/subscribe', 'resources/unsubscribe'],
])

/** How metrics call a method; never by a word that only its client knows. */
export function measuredName(method: string): string {
  return measuredMethods.has(method) ? method : 'other'
}

const needingEverything: ReadonlySet<unknown> = new Set([
  ...protocolMethods,
  ...['initialize', 'server/discover', 'resources/subscribe', 'subscriptions/listen'],
])

/** Whether a message can be answered by what is known of servers, without those that were not asked yet. */
export function canAnswer(view: CatalogueView, message: unknown): boolean {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: { name?: unknown } }
  if (method === 'tools/call' && typeof params?.name === 'string') return view.findTool(params.name) !== null
  return !needingEverything.has(method)
}

type Listed = { readonly description: object }

const versions = new WeakMap<readonly Listed[], string>()

/** Names the content of a list; views keep their lists until something changes. */
function versionOf(items: readonly Listed[]): string {
  const known = versions.get(items)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  for (const { description } of items) {
    const { name, uri } = description as { name?: unknown; uri?: unknown }
    hash.update(`${String(name)} ${String(uri)}\n`)
  }
  const version = hash.digest('base64url').slice(0, 16)
  versions.set(items, version)
  return version
}

/** Answers a method that concerns what servers offer. Errors: rejects with an `RpcError`. */
export function answerMethod(
  deps: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  method: string,
  params: Params,
): Promise<McpResult> | McpResult {
  const { toolsPageSize, resourcesPageSize } = deps.config()
  const { skills } = deps
  const list = (member: string, items: readonly Listed[], size: number): McpResult => {
    const { principal } = downstream
    const scope = { principal, method, version: versionOf(items) }
    const { items: page, ...next } = deps.cursors.page(items, size, params['cursor'], scope)
    const freshness = freshnessOf(view, downstream, method)
    return { [member]: page.map(({ description }) => description), ...next, ...freshness, ...gapsOf(view) }
  }
  switch (method) {
    case 'tools/list':
      return list('tools', view.tools, toolsPageSize)
    case 'prompts/list':
      return list('prompts', view.prompts, toolsPageSize)
    case 'resources/list':
      return listResources(deps, view, downstream, params)
    case 'resources/templates/list': {
      const own = skills === null ? [] : [{ description: skillTemplate }]
      return list('resourceTemplates', [...view.templates, ...own], resourcesPageSize)
    }
    case 'tools/call':
      return answerCall(deps, view, downstream, params)
    case 'prompts/get':
      return getPrompt(deps, view, downstream, params)
    case 'resources/read':
      return readResource(deps, view, downstream, params)
    case 'completion/complete':
      return complete(deps, view, downstream, params)
    default:
      if (downstream.era === 'legacy' && taskMethods.has(method))
        return answerTask(deps, view, downstream, method, params, deps.config().callTimeoutMs)
      if (mayBelong(method, deps.extensions ?? {}))
        return answerExtension(deps, view, downstream, method, params)
      if (skills !== null) return answerSkills(skills, deps.cursors, downstream, method, params)
      throw new RpcError(methodNotFound, 'Method not found')
  }
}

/** A method of an extension is its server's business, but for the ids of tasks. */
function answerExtension(
  deps: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  method: string,
  params: Params,
): Promise<McpResult> {
  const { callTimeoutMs: timeoutMs } = deps.config()
  if (extensionTaskMethods.has(method)) return answerTask(deps, view, downstream, method, params, timeoutMs)
  const [server] = view.servers
  if (server === undefined) throw new RpcError(methodNotFound, 'Method not found')
  return relay(deps, downstream, { server, method, params, name: method, timeoutMs })
}

/** The resources of servers, then those of skills. A place is a number among the first, a text among the second. */
async function listResources(
  { skills, cursors, config }: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const { resources } = view
  const { principal } = downstream
  const scope = { principal, method: 'resources/list', version: versionOf(resources) }
  const { cursor } = params
  const place = cursors.open(cursor, scope)
  if (typeof place !== 'string' && (skills === null || resources.length > 0)) {
    const { items, nextCursor } = cursors.page(resources, config().resourcesPageSize, cursor, scope)
    const next = nextCursor ?? (skills === null ? null : cursors.seal('', scope))
    const freshness = freshnessOf(view, downstream, 'resources/list')
    const listed = items.map(({ description }) => description)
    return { resources: listed, ...(next && { nextCursor: next }), ...freshness }
  }
  if (skills === null) throw unknownCursor()
  const page = await listSkillResources(skills, typeof place === 'string' ? place : '')
  const { next } = page
  const freshness = freshnessOf(view, downstream, 'resources/list')
  return {
    resources: page.resources,
    ...(next !== null && { nextCursor: cursors.seal(next, scope) }),
    ...freshness,
  }
}

/** For how long a list may be kept: no longer than any server says; older revisions know no such hint. */
function freshnessOf({ servers, offers }: CatalogueView, { era }: Downstream, method: string): object {
  if (era === 'legacy') return {}
  const hints = servers.map((server) => offers.get(server)?.freshMs[method] ?? 0)
  return { ttlMs: Math.min(maxFreshMs, ...hints), cacheScope: 'private' }
}

/** The servers a list is without, since they have never answered. */
function gapsOf({ servers, offers }: CatalogueView): { readonly _meta?: object } {
  const silent = servers.filter((server) => !offers.has(server))
  return silent.length === 0 ? {} : { _meta: { 'routeiq/partial': silent.map(aliasOf) } }
}

async function answerCall(
  deps: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const { toolInvocation, callTimeoutMs } = deps.config()
  if (toolInvocation === false)
    throw new RpcError(callsDisabled, 'Calling tools is off (LLMROUTER_ENABLE_MCP_TOOL_INVOCATION).')
  const { name } = params
  if (typeof name !== 'string') throw new RpcError(invalidParams, 'params.name must be the name of a tool.')
  const found = findTool(view, name)
  if ('refusal' in found) {
    const { refusal } = found
    if (refusal.kind === 'unknown') throw new RpcError(invalidParams, `Unknown tool: ${name}`)
    if (refusal.kind === 'ambiguous') {
      const message = `Several servers have a tool ${name}; use one of their full names.`
      throw new RpcError(invalidParams, message, { reason: 'tool_ambiguous', candidates: refusal.candidates })
    }
    const message = `The definition of ${name} waits for an admin to approve it.`
    throw new RpcError(invalidParams, message, { reason: 'tool_quarantined' })
  }
  const args = params['arguments'] ?? {}
  const problem = findArgumentProblem(found.tool.definition.description['inputSchema'], args)
  // Models read results, and can mend their arguments.
  if (problem !== null) {
    const text = `Invalid arguments for ${name}: ${problem}`
    return { content: [{ type: 'text', text }], isError: true }
  }
  const { task, ...plain } = params
  const { server } = found.tool
  const offer = view.offers.get(server)
  const isTask =
    task !== undefined && offer !== undefined && downstream.era === 'legacy' && offersTasks(offer)
  const call = { ...plain, arguments: args, ...(isTask && { task }) }
  const result = await callTool(deps, downstream, found.tool, call, callTimeoutMs).catch(explain)
  if (isTask) return withOwnTask(deps.taskIds, downstream, server.settings.serverId, result)
  const { resultType, taskId } = result
  if (resultType !== 'task' || typeof taskId !== 'string') return result
  const { serverId } = server.settings
  return { ...result, taskId: deps.taskIds.seal({ serverId, taskId }, downstream.principal) }
}

/** Whoever cannot be asked to open an address is told of it; what limits refuse is no fault of the server. */
function explain(error: unknown): McpResult {
  if (error instanceof GatewayError) throw new RpcError(refused, error.message, { reason: error.code })
  const isSignIn =
    error instanceof RpcError && (error.data as { reason?: unknown } | undefined)?.reason === 'sign_in'
  if (!isSignIn) throw error
  return { content: [{ type: 'text', text: error.message }], isError: true }
}

function getPrompt(
  deps: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const prompt = requirePrompt(view, params['name'])
  return relay(deps, downstream, {
    server: prompt.server,
    method: 'prompts/get',
    params: { ...params, name: prompt.name },
    name: prompt.name,
    timeoutMs: deps.config().callTimeoutMs,
  })
}

async function readResource(
  deps: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const { uri } = params
  const { skills } = deps
  // First of all, so that what a listing of skills promises is what is read, whatever servers offer.
  const own = skills !== null && typeof uri === 'string' ? await readSkillFile(skills, downstream, uri) : null
  if (own !== null) return own
  const server = typeof uri === 'string' ? ownerOf(view, uri) : null
  if (typeof uri !== 'string' || server === null)
    throw new RpcError(resourceNotFound, 'Resource not found', { uri })
  return relay(deps, downstream, {
    server,
    method: 'resources/read',
    params,
    name: uri,
    timeoutMs: deps.config().callTimeoutMs,
  })
}

/** The server a resource belongs to: by its own list, by a template, or because there is only one. */
export function ownerOf(view: CatalogueView, uri: string): McpServer | null {
  const listed = view.findResource(uri)
  if (listed !== null) return listed.server
  const template = view.templates.find(({ name, isQuarantined }) => !isQuarantined && matches(name, uri))
  if (template !== undefined) return template.server
  return view.isSingle ? (view.servers[0] ?? null) : null
}

function matches(template: string, uri: string): boolean {
  try {
    return new UriTemplate(template).match(uri) !== null
  } catch {
    return false
  }
}

function complete(
  deps: MethodDependencies,
  view: CatalogueView,
  downstream: Downstream,
  params: Params,
): Promise<McpResult> {
  const { ref } = params
  const { type, name, uri } = (ref ?? {}) as { type?: unknown; name?: unknown; uri?: unknown }
  const timeoutMs = deps.config().callTimeoutMs
  const method = 'completion/complete'
  if (type === 'ref/prompt') {
    const prompt = requirePrompt(view, name)
    const own = { ...params, ref: { ...(ref as object), name: prompt.name } }
    return relay(deps, downstream, {
      server: prompt.server,
      method,
      params: own,
      name: prompt.name,
      timeoutMs,
    })
  }
  const server = typeof uri === 'string' ? templateOwner(view, uri) : null
  if (type !== 'ref/resource' || server === null)
    throw new RpcError(invalidParams, 'params.ref must name a prompt or a resource template.')
  return relay(deps, downstream, { server, method, params, name: String(uri), timeoutMs })
}

function templateOwner(view: CatalogueView, uri: string): McpServer | null {
  return view.templates.find(({ name }) => name === uri)?.server ?? ownerOf(view, uri)
}

function requirePrompt(view: CatalogueView, name: unknown): ViewItem {
  const found = typeof name === 'string' ? view.findPrompt(name) : null
  if (found === null) throw new RpcError(invalidParams, `Unknown prompt: ${String(name)}`)
  if ('candidates' in found) {
    const { candidates } = found
    throw new RpcError(invalidParams, `Several servers have a prompt ${String(name)}.`, { candidates })
  }
  if (found.item.isQuarantined)
    throw new RpcError(invalidParams, `The definition of ${String(name)} waits for an admin to approve it.`)
  return found.item
}
