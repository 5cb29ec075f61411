import { randomBytes } from 'node:crypto'
import type { Server } from '@modelcontextprotocol/server'
import type { Caller } from '../../identity/caller.ts'
import type { CallOrigin } from '../call/downstream.ts'
import type { Catalogue, OfferChange } from '../catalogue/catalogue.ts'
import type { McpServer } from '../server.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'
import { ownerOf } from './answer-method.ts'
import { type CallerSkills, skillScheme } from './answer-skills.ts'
import { SessionEvents } from './event-store.ts'
import { LegacyTransport } from './legacy-transport.ts'
import { createProtocolServer, type ProtocolServerOptions } from './protocol-server.ts'
import { legacyRevisions } from './revisions.ts'
import type { PlainAnswer } from './web-exchange.ts'

const maxSessions = 10_000
const maxSessionsOfOne = 2_000
const sweepMs = 5_000

export interface LegacyRequest {
  readonly principal: string
  readonly caller: Caller
  /** What the URL selects, and the workspace; a session stays with it. */
  readonly scope: string
  readonly view: () => CatalogueView | null
  readonly skills: CallerSkills | null
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly origin: CallOrigin
  readonly body: unknown
}

export interface LegacySessionsOptions {
  readonly upstreams: Upstreams
  readonly catalogue: Catalogue
  /** 0 for none. */
  readonly idleMs: () => number
  /** Makes an id one of this process. */
  readonly markId: (id: string) => string
  readonly serverOptions: () => Omit<
    ProtocolServerOptions,
    'era' | 'principal' | 'caller' | 'view' | 'skills' | 'headers' | 'origin'
  >
  /** A session is over that lasted so long. */
  readonly onEnd: (durationMs: number) => void
  readonly now: () => number
}

interface Session {
  readonly principal: string
  readonly scope: string
  readonly server: Server
  readonly transport: LegacyTransport
  readonly view: () => CatalogueView | null
  readonly skills: CallerSkills | null
  readonly subscriptions: Map<string, () => void>
  readonly openedAt: number
  headers: LegacyRequest['headers']
  origin: CallOrigin
  usedAt: number
}

/** Sessions of clients that open with a handshake, each bound to the key and the URL it began with. */
export class LegacySessions {
  readonly #options: LegacySessionsOptions
  readonly #sessions = new Map<string, Session>()
  readonly #sweeper: NodeJS.Timeout
  readonly #stopHearing: () => void

  constructor(options: LegacySessionsOptions) {
    this.#options = options
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref()
    this.#stopHearing = options.catalogue.onChange((_, changes) => this.#tellAll(changes))
  }

  get size(): number {
    return this.#sessions.size
  }

  async handle(request: Request, legacy: LegacyRequest): Promise<Response | PlainAnswer> {
    const id = request.headers.get('mcp-session-id')
    if (id === null) return this.#withoutSession(request, legacy)
    const session = this.#sessions.get(id)
    if (session === undefined || session.principal !== legacy.principal || session.scope !== legacy.scope) {
      return rpcResponse(404, -32_001, 'Session not found')
    }
    session.usedAt = this.#options.now()
    session.headers = legacy.headers
    session.origin = legacy.origin
    return session.transport.answer(request, { parsedBody: legacy.body })
  }

  /** A resource has changed at its server. */
  tellUpdated(server: McpServer, uri: string): void {
    for (const session of this.#sessions.values()) {
      const view = session.subscriptions.has(uri) ? session.view() : null
      if (view === null || ownerOf(view, uri) !== server) continue
      void session.server.sendResourceUpdated({ uri }).catch(() => {})
    }
  }

  /** The skills of a workspace have changed, and perhaps each file of them. */
  tellSkillsChanged(workspaceId: string): void {
    for (const { skills, server, subscriptions } of this.#sessions.values()) {
      if (skills?.workspaceId !== workspaceId) continue
      void server.sendResourceListChanged().catch(() => {})
      for (const uri of subscriptions.keys())
        if (uri.startsWith(skillScheme)) void server.sendResourceUpdated({ uri }).catch(() => {})
    }
  }

  /** Ends the streams that wait for nothing in particular. */
  endStreams(): void {
    for (const { transport } of this.#sessions.values()) transport.closeStandaloneSSEStream()
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#stopHearing()
    await Promise.all([...this.#sessions.keys()].map((id) => this.#end(id)))
  }

  async #withoutSession(request: Request, legacy: LegacyRequest): Promise<Response | PlainAnswer> {
    const isStateless = this.#options.idleMs() === 0
    if (request.method !== 'POST') {
      return isStateless
        ? rpcResponse(405, -32_000, 'Method not allowed.', { allow: 'POST' })
        : rpcResponse(400, -32_000, 'Bad Request: Mcp-Session-Id header is required')
    }
    if (!isStateless && isInitialize(legacy.body)) return this.#begin(request, legacy)
    return this.#answerOnce(request, legacy)
  }

  async #begin(request: Request, legacy: LegacyRequest): Promise<Response | PlainAnswer> {
    const own = [...this.#sessions.values()].filter(({ principal }) => principal === legacy.principal)
    if (this.#sessions.size >= maxSessions || own.length >= maxSessionsOfOne)
      return rpcResponse(503, -32_000, 'Too many sessions; end some, or try again later.', {
        'retry-after': '30',
      })
    const transport = new LegacyTransport({
      sessionIdGenerator: () => this.#options.markId(randomBytes(24).toString('base64url')),
      eventStore: new SessionEvents(this.#options.now),
      supportedProtocolVersions: legacyRevisions,
      onsessioninitialized: (id) => {
        this.#sessions.set(id, session)
      },
      onsessionclosed: (id) => this.#end(id),
    })
    const session: Session = {
      principal: legacy.principal,
      scope: legacy.scope,
      server: this.#createServer(legacy, () => session),
      transport,
      view: legacy.view,
      skills: legacy.skills,
      subscriptions: new Map(),
      headers: legacy.headers,
      origin: legacy.origin,
      openedAt: this.#options.now(),
      usedAt: this.#options.now(),
    }
    await session.server.connect(transport)
    return transport.answer(request, { parsedBody: legacy.body })
  }

  /** A request of its own: nothing is kept, and nobody can be asked. */
  async #answerOnce(request: Request, legacy: LegacyRequest): Promise<Response | PlainAnswer> {
    const transport = new LegacyTransport({
      supportedProtocolVersions: legacyRevisions,
    })
    const server = this.#createServer(legacy, () => null)
    await server.connect(transport)
    return transport.answer(request, { parsedBody: legacy.body })
  }

  #createServer(legacy: LegacyRequest, session: () => Session | null): Server {
    return createProtocolServer({
      ...this.#options.serverOptions(),
      era: 'legacy',
      principal: legacy.principal,
      caller: legacy.caller,
      view: legacy.view,
      skills: legacy.skills,
      headers: () => session()?.headers ?? legacy.headers,
      origin: () => session()?.origin ?? legacy.origin,
      subscribe: async (view, uri) => {
        const subscriptions = session()?.subscriptions
        const server = ownerOf(view, uri)
        if (subscriptions === undefined || subscriptions.has(uri)) return
        subscriptions.set(uri, () => {})
        if (server !== null) subscriptions.set(uri, await this.#options.upstreams.subscribe(server, uri))
      },
      unsubscribe: (uri) => {
        const subscriptions = session()?.subscriptions
        subscriptions?.get(uri)?.()
        subscriptions?.delete(uri)
      },
    })
  }

  #tellAll(changes: ReadonlySet<OfferChange>): void {
    for (const { server } of this.#sessions.values()) {
      if (changes.has('tools')) void server.sendToolListChanged().catch(() => {})
      if (changes.has('prompts')) void server.sendPromptListChanged().catch(() => {})
      if (changes.has('resources')) void server.sendResourceListChanged().catch(() => {})
    }
  }

  #sweep(): void {
    const limit = this.#options.now() - this.#options.idleMs()
    for (const [id, { usedAt }] of this.#sessions) if (usedAt < limit) void this.#end(id)
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    this.#options.onEnd(this.#options.now() - session.openedAt)
    for (const stop of session.subscriptions.values()) stop()
    await session.server.close().catch(() => {})
  }
}

function isInitialize(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body as { method?: unknown }).method === 'initialize'
}

function rpcResponse(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { jsonrpc: '2.0', error: { code, message }, id: null },
    { status, headers: { ...headers } },
  )
}
