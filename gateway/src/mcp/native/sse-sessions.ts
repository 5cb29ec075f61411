import { randomBytes } from 'node:crypto'
import type { JSONRPCMessage, Server, Transport } from '@modelcontextprotocol/server'
import type { McpConfig } from '../../config/config.ts'
import type { Exchange } from '../../http/exchange.ts'
import { headLines } from '../../http/server/head-line.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Catalogue, OfferChange } from '../catalogue/catalogue.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'
import type { CallerSkills } from './answer-skills.ts'
import { createProtocolServer, type ProtocolServerOptions } from './protocol-server.ts'

const maxSessions = 1_000
const sweepMs = 5_000

export interface SseSessionsOptions {
  readonly catalogue: Catalogue
  readonly config: () => McpConfig['sse']
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

export interface SseCaller {
  readonly principal: string
  readonly caller: Caller
  readonly view: () => CatalogueView | null
  readonly skills: CallerSkills | null
  /** What stands before the path that is posted to. */
  readonly base: string
}

interface Session {
  readonly id: string
  readonly principal: string
  readonly skills: CallerSkills | null
  readonly openedAt: number
  readonly server: Server
  readonly stream: SseStream
  usedAt: number
}

/** What an admin sees of one session. */
export interface SseSessionSummary {
  readonly session_id: string
  readonly age_seconds: number
  readonly idle_seconds: number
}

/** Clients of the transport before streamable HTTP: one stream for everything that comes, and posts for what goes. */
export class SseSessions {
  readonly #options: SseSessionsOptions
  readonly #sessions = new Map<string, Session>()
  readonly #sweeper: NodeJS.Timeout
  readonly #stopHearing: () => void

  constructor(options: SseSessionsOptions) {
    this.#options = options
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref()
    this.#stopHearing = options.catalogue.onChange((_, changes) => this.#tellAll(changes))
  }

  /** False when there are too many. The stream tells the client where to post to. */
  async open(exchange: Exchange, opener: SseCaller): Promise<boolean> {
    if (this.#sessions.size >= maxSessions) return false
    const { principal, caller, view, skills, base } = opener
    const id = this.#options.markId(randomBytes(24).toString('base64url'))
    const stream = new SseStream(exchange, this.#options.config())
    const server = createProtocolServer({
      ...this.#options.serverOptions(),
      era: 'legacy',
      principal,
      caller,
      view,
      skills,
      headers: () => exchange.request.headers,
      origin: () => exchange,
    })
    const openedAt = this.#options.now()
    this.#sessions.set(id, { id, principal, skills, server, stream, openedAt, usedAt: openedAt })
    exchange.whenClientGone(() => void this.#end(id))
    stream.begin(id)
    await server.connect(stream)
    stream.write(`event: endpoint\ndata: ${base}/mcp/messages?sessionId=${id}\n\n`)
    return true
  }

  /** False when the session is not there, or not this caller's. */
  receive(id: string, principal: string, message: JSONRPCMessage): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined || session.principal !== principal) return false
    session.usedAt = this.#options.now()
    session.stream.onmessage?.(message)
    return true
  }

  list(): readonly SseSessionSummary[] {
    const seconds = (since: number): number => Math.round((this.#options.now() - since) / 1000)
    return [...this.#sessions.values()].map(({ id, openedAt, usedAt }) => ({
      session_id: `${id.slice(0, 6)}…`,
      age_seconds: seconds(openedAt),
      idle_seconds: seconds(usedAt),
    }))
  }

  /** The skills of a workspace have changed. */
  tellSkillsChanged(workspaceId: string): void {
    for (const { skills, server } of this.#sessions.values())
      if (skills?.workspaceId === workspaceId) void server.sendResourceListChanged().catch(() => {})
  }

  endStreams(): void {
    for (const id of [...this.#sessions.keys()]) void this.#end(id)
  }

  close(): void {
    clearInterval(this.#sweeper)
    this.#stopHearing()
    this.endStreams()
  }

  #tellAll(changes: ReadonlySet<OfferChange>): void {
    for (const { server } of this.#sessions.values()) {
      if (changes.has('tools')) void server.sendToolListChanged().catch(() => {})
      if (changes.has('prompts')) void server.sendPromptListChanged().catch(() => {})
      if (changes.has('resources')) void server.sendResourceListChanged().catch(() => {})
    }
  }

  #sweep(): void {
    const { idleMs, maxDurationMs } = this.#options.config()
    const now = this.#options.now()
    for (const { id, openedAt, usedAt } of this.#sessions.values())
      if (now - usedAt > idleMs || now - openedAt > maxDurationMs) void this.#end(id)
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    this.#options.onEnd(this.#options.now() - session.openedAt)
    await session.server.close().catch(() => {})
  }
}

/** The stream of one session, as the package sees it. */
class SseStream implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: Transport['onmessage']
  readonly #exchange: Exchange
  readonly #retryMs: number
  readonly #heartbeat: NodeJS.Timeout
  #events = 0

  constructor(exchange: Exchange, { retryMs, heartbeatMs }: McpConfig['sse']) {
    this.#exchange = exchange
    this.#retryMs = retryMs
    this.#heartbeat = setInterval(() => this.write(': heartbeat\n\n'), heartbeatMs).unref()
  }

  async start(): Promise<void> {}

  begin(id: string): void {
    const lines = headLines([
      ...['content-type', 'text/event-stream', 'cache-control', 'no-cache, no-transform'],
      ...['x-accel-buffering', 'no', 'x-sse-session-id', id, 'x-request-id', this.#exchange.requestId],
    ])
    this.#exchange.response.begin(200, lines)
    this.write(`retry: ${this.#retryMs}\n\n`)
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#events += 1
    this.write(`event: message\nid: ${this.#events}\ndata: ${JSON.stringify(message)}\n\n`)
  }

  write(text: string): void {
    this.#exchange.response.write(text, 'utf8')
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat)
    this.#exchange.response.end()
    this.onclose?.()
  }
}
