import {
  createMcpHandler,
  InMemoryServerEventBus,
  type McpHttpHandler,
  type ServerEvent,
} from '@modelcontextprotocol/server'
import type { Caller } from '../../identity/caller.ts'
import type { CallOrigin } from '../call/downstream.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { McpServer } from '../server.ts'
import { findParamMismatch } from '../upstream/param-headers.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'
import { ownerOf } from './answer-method.ts'
import { type CallerSkills, skillScheme } from './answer-skills.ts'
import { createProtocolServer, type ProtocolServerOptions } from './protocol-server.ts'

const maxStreams = 200
const headerMismatch = -32_020

export interface ModernRequest {
  readonly principal: string
  readonly caller: Caller
  readonly view: () => CatalogueView | null
  readonly skills: CallerSkills | null
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly origin: CallOrigin
  readonly body: unknown
}

export interface ModernHandlerOptions {
  readonly upstreams: Upstreams
  readonly catalogue: Catalogue
  readonly serverOptions: () => Omit<
    ProtocolServerOptions,
    'era' | 'principal' | 'caller' | 'view' | 'skills' | 'headers' | 'origin' | 'method'
  >
  readonly keepAliveMs?: number
}

/** Answers requests of the 2026-07-28 revision. They depend on nothing before them, streams of changes included. */
export class ModernHandler {
  readonly #options: ModernHandlerOptions
  readonly #handler: McpHttpHandler
  readonly #streams = new Map<McpHttpHandler, ListenScope>()
  readonly #requests = new WeakMap<Request, ModernRequest>()

  constructor(options: ModernHandlerOptions) {
    this.#options = options
    this.#handler = this.#createHandler(new InMemoryServerEventBus())
  }

  async handle(request: Request, modern: ModernRequest): Promise<Response> {
    this.#requests.set(request, modern)
    const mismatch = findHeaderMismatch(modern)
    if (mismatch !== null) return mismatch
    const handler =
      methodOf(modern.body) === 'subscriptions/listen' ? this.#listen(request, modern) : this.#handler
    if (handler === null) {
      const error = { code: -32_603, message: 'Subscription limit reached' }
      return Response.json({ jsonrpc: '2.0', error, id: idOf(modern.body) })
    }
    return handler.fetch(request, { parsedBody: modern.body })
  }

  /** A resource has changed at its server. */
  tellUpdated(server: McpServer, uri: string): void {
    for (const { modern, publish } of this.#streams.values()) {
      const view = modern.view()
      if (view !== null && ownerOf(view, uri) === server) publish({ kind: 'resource_updated', uri })
    }
  }

  /** The skills of a workspace have changed, and perhaps each file of them. */
  tellSkillsChanged(workspaceId: string): void {
    for (const { modern, publish } of this.#streams.values()) {
      if (modern.skills?.workspaceId !== workspaceId) continue
      publish({ kind: 'resources_list_changed' })
      for (const uri of urisOf(modern.body))
        if (uri.startsWith(skillScheme)) publish({ kind: 'resource_updated', uri })
    }
  }

  endStreams(): void {
    for (const stream of this.#streams.keys()) void stream.close()
  }

  async close(): Promise<void> {
    this.endStreams()
    await this.#handler.close()
  }

  /** A stream of changes has a bus of its own, which carries what its caller may see. */
  #listen(request: Request, modern: ModernRequest): McpHttpHandler | null {
    const own = [...this.#streams.values()].filter(
      ({ modern: { principal } }) => principal === modern.principal,
    )
    if (own.length >= maxStreams) return null
    const bus = new InMemoryServerEventBus()
    const handler = this.#createHandler(bus)
    const stopHearing = this.#options.catalogue.onChange((_, changes) => {
      if (changes.has('tools')) bus.publish({ kind: 'tools_list_changed' })
      if (changes.has('prompts')) bus.publish({ kind: 'prompts_list_changed' })
      if (changes.has('resources')) bus.publish({ kind: 'resources_list_changed' })
    })
    const stops = this.#follow(modern)
    this.#streams.set(handler, { modern, publish: (event) => bus.publish(event) })
    request.signal.addEventListener('abort', () => {
      stopHearing()
      this.#streams.delete(handler)
      for (const stop of stops) void stop.then((end) => end())
    })
    return handler
  }

  #follow(modern: ModernRequest): Promise<() => void>[] {
    const view = modern.view()
    return urisOf(modern.body).flatMap((uri) => {
      const server = view === null ? null : ownerOf(view, uri)
      return server === null ? [] : [this.#options.upstreams.subscribe(server, uri)]
    })
  }

  #createHandler(bus: InMemoryServerEventBus): McpHttpHandler {
    const { serverOptions, keepAliveMs } = this.#options
    return createMcpHandler(
      ({ requestInfo }) => {
        const modern = requestInfo === undefined ? undefined : this.#requests.get(requestInfo)
        if (modern === undefined) throw new Error('a request that did not come this way')
        const { principal, caller, view, skills, headers, origin, body } = modern
        return createProtocolServer({
          ...serverOptions(),
          era: 'modern',
          principal,
          caller,
          method: methodOf(body),
          view,
          skills,
          headers: () => headers,
          origin: () => origin,
        })
      },
      { legacy: 'reject', bus, ...(keepAliveMs !== undefined && { keepAliveMs }) },
    )
  }
}

interface ListenScope {
  readonly modern: ModernRequest
  readonly publish: (event: ServerEvent) => void
}

/** Marked arguments must say in their headers what they say in the body, by the definition the caller was given. */
function findHeaderMismatch({ body, view, headers }: ModernRequest): Response | null {
  if (methodOf(body) !== 'tools/call') return null
  const { name, arguments: args } =
    (body as { params?: { name?: unknown; arguments?: unknown } }).params ?? {}
  const found = typeof name === 'string' ? (view()?.findTool(name) ?? null) : null
  if (found === null || !('item' in found)) return null
  const schema = found.item.definition.description['inputSchema']
  const mismatch = findParamMismatch(schema, args, (header) => headers[header] ?? null)
  if (mismatch === null) return null
  const message = `Bad Request: the request headers and body disagree: ${mismatch.problem}`
  const error = { code: headerMismatch, message, data: { mismatch: { header: mismatch.header } } }
  return Response.json({ jsonrpc: '2.0', error, id: idOf(body) }, { status: 400 })
}

function methodOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? (body as { method?: unknown }).method : undefined
}

function idOf(body: unknown): unknown {
  return (body as { id?: unknown } | null)?.id ?? null
}

function urisOf(body: unknown): string[] {
  const { notifications } =
    (body as { params?: { notifications?: { resourceSubscriptions?: unknown } } }).params ?? {}
  const uris = notifications?.resourceSubscriptions
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string').slice(0, 100) : []
}
