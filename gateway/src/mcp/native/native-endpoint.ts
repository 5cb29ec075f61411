import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import type { GatewayConfig } from '../../config/config.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import { workspaceOf } from '../../identity/workspace.ts'
import type { SkillResources } from '../../skills/mcp/skill-resources.ts'
import type { McpMetrics } from '../../telemetry/metrics/mcp-metrics.ts'
import { principalOf } from '../call/downstream.ts'
import type { RelayDependencies } from '../call/relay.ts'
import { TaskIds } from '../call/task-ids.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { aliasOf, type McpServer } from '../server.ts'
import type { ClientHeaders } from '../upstream/credentials.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import type { CatalogueView } from '../view/catalogue-view.ts'
import type { SettledViews } from '../view/settled-views.ts'
import type { Selection, Views } from '../view/views.ts'
import { canAnswer } from './answer-method.ts'
import type { CallerSkills } from './answer-skills.ts'
import { Cursors } from './cursor.ts'
import { LegacySessions } from './legacy-sessions.ts'
import { ModernHandler } from './modern-handler.ts'
import type { ProtocolServerOptions } from './protocol-server.ts'
import type { Siblings } from './siblings.ts'
import { sortMessage } from './sort-message.ts'
import { SseSessions } from './sse-sessions.ts'
import { answerByWeb } from './web-exchange.ts'

const everything: Selection = { selector: null }

export interface NativeEndpointOptions {
  readonly config: () => GatewayConfig
  readonly views: Views
  readonly settledViews: SettledViews
  readonly catalogue: Catalogue
  readonly upstreams: Upstreams
  readonly relay: RelayDependencies
  readonly skills: SkillResources
  readonly siblings: Siblings
  /** What cursors and ids that clients carry are sealed with. */
  readonly sealing: string | Buffer
  readonly identity: () => ProtocolServerOptions['serverInfo']
  /** A client sends a header that has a new name. */
  readonly onOldHeader: (server: McpServer, header: string, instead: string) => void
  readonly metrics: McpMetrics
  readonly now: () => number
}

/** The endpoint that clients of the protocol speak to, in either era, and over the old transport. */
export class NativeEndpoint {
  readonly #options: NativeEndpointOptions
  readonly #cursors: Cursors
  readonly #taskIds: TaskIds
  readonly #sessions: LegacySessions
  readonly #modern: ModernHandler
  readonly #sse: SseSessions
  /** Servers whose clients were told of an old header. */
  readonly #warned = new WeakSet<McpServer>()

  constructor(options: NativeEndpointOptions) {
    const { config, catalogue, upstreams, siblings, sealing, metrics, now } = options
    this.#options = options
    this.#cursors = new Cursors(sealing)
    this.#taskIds = new TaskIds(sealing)
    const serverOptions = () => this.#serverOptions()
    const markId = (id: string): string => siblings.mark(id)
    this.#sessions = new LegacySessions({
      ...{ upstreams, catalogue, serverOptions, markId, now },
      idleMs: () => config().mcp.sessionIdleMs,
      onEnd: (durationMs) => metrics.observeClientSession('http', durationMs),
    })
    this.#modern = new ModernHandler({ upstreams, catalogue, serverOptions })
    this.#sse = new SseSessions({
      ...{ catalogue, config: () => config().mcp.sse, serverOptions, markId, now },
      onEnd: (durationMs) => metrics.observeClientSession('sse', durationMs),
    })
  }

  /** Answers one request. */
  async serve(exchange: Exchange, caller: Caller, selection: Selection, body: unknown): Promise<void> {
    const { views, settledViews } = this.#options
    const skills = this.#skillsOf(exchange, caller)
    const scope = JSON.stringify([selection, skills?.workspaceId])
    const view = await settledViews.find(caller, selection, (found) => canAnswer(found, body))
    const request = {
      principal: principalOf(caller),
      caller,
      view: () => views.find(caller, selection),
      skills,
      headers: this.#headersFor(view, exchange.request.headers),
      origin: exchange,
      body,
    }
    await answerByWeb(exchange, async (web) =>
      (await sortMessage(web, body)) === 'legacy'
        ? this.#sessions.handle(web, { ...request, scope })
        : this.#modern.handle(web, request),
    )
  }

  /** Opens a stream of the old transport; false when there are too many. */
  openSse(exchange: Exchange, caller: Caller, base: string): Promise<boolean> {
    const view = () => this.#options.views.find(caller, everything)
    const skills = this.#skillsOf(exchange, caller)
    return this.#sse.open(exchange, { principal: principalOf(caller), caller, view, skills, base })
  }

  /** A message for such a stream; false when it is not there, or not this caller's. */
  async receiveSse(caller: Caller, id: string, message: unknown): Promise<boolean> {
    await this.#options.settledViews.find(caller, everything, (view) => canAnswer(view, message))
    return this.#sse.receive(id, principalOf(caller), message as JSONRPCMessage)
  }

  listSse(): ReturnType<SseSessions['list']> {
    return this.#sse.list()
  }

  /** A resource has changed at its server. */
  tellUpdated(server: McpServer, uri: string): void {
    this.#sessions.tellUpdated(server, uri)
    this.#modern.tellUpdated(server, uri)
  }

  /** The skills of a workspace have changed, here or in another process. */
  tellSkillsChanged(workspaceId: string): void {
    for (const part of [this.#sessions, this.#modern, this.#sse]) part.tellSkillsChanged(workspaceId)
  }

  /** Ends the streams that would stay open for good, so that calls under way can be waited for. */
  endStreams(): void {
    for (const part of [this.#sessions, this.#sse, this.#modern]) part.endStreams()
  }

  async close(): Promise<void> {
    this.#sse.close()
    await Promise.all([this.#sessions.close(), this.#modern.close()])
  }

  /** `x-mcp-auth` is the old name of what is now sent for one server by its name. */
  #headersFor(view: CatalogueView | null, sent: ClientHeaders): ClientHeaders {
    const credential = sent['x-mcp-auth']
    const [server] = view?.servers ?? []
    if (credential === undefined || view?.isSingle !== true || server === undefined) return sent
    const name = `x-mcp-${aliasOf(server).toLowerCase()}-authorization`
    if (!this.#warned.has(server)) {
      this.#warned.add(server)
      this.#options.onOldHeader(server, 'x-mcp-auth', name)
    }
    return { [name]: credential, ...sent }
  }

  /** Errors: as `workspaceOf`. */
  #skillsOf(exchange: Exchange, caller: Caller): CallerSkills | null {
    const { config, skills } = this.#options
    if (!config().skills.isServedOverMcp) return null
    const workspaceId = workspaceOf(caller, exchange.header('x-workspace-id'))
    return { resources: skills, workspaceId, agentName: caller.keyAlias ?? 'mcp' }
  }

  #serverOptions(): Omit<
    ProtocolServerOptions,
    'era' | 'principal' | 'caller' | 'view' | 'skills' | 'headers' | 'origin'
  > {
    const { config, relay, identity, metrics } = this.#options
    return {
      ...relay,
      config: () => config().mcp,
      ...{ cursors: this.#cursors, taskIds: this.#taskIds, serverInfo: identity() },
      onAnswer: metrics.observeAnswer,
    }
  }
}
