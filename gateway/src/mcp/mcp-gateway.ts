import { randomBytes } from 'node:crypto'
import { isLegacyRequest, type JSONRPCMessage } from '@modelcontextprotocol/server'
import { GatewayError } from '@routeiq/contract'
import type { GatewayConfig } from '../config/config.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Caller } from '../identity/caller.ts'
import { workspaceOf } from '../identity/workspace.ts'
import type { SkillResources } from '../skills/mcp/skill-resources.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import type { Transport } from '../transport/transport.ts'
import { version } from '../version.ts'
import type { McpAccountStore } from './accounts/account-store.ts'
import { ownerOf } from './accounts/credential.ts'
import type { AuditAction, AuditEvent } from './audit.ts'
import { callTool, findTool, findToolArgumentProblem } from './call/call-tool.ts'
import type { Downstream } from './call/downstream.ts'
import type { RelayDependencies } from './call/relay.ts'
import { RequestStates } from './call/request-state.ts'
import { ParkedCalls } from './call/running-call.ts'
import { Catalogue } from './catalogue/catalogue.ts'
import { canAnswer } from './native/answer-method.ts'
import type { CallerSkills } from './native/answer-skills.ts'
import { Cursors } from './native/cursor.ts'
import { LegacySessions } from './native/legacy-sessions.ts'
import { ModernHandler } from './native/modern-handler.ts'
import type { ProtocolServerOptions } from './native/protocol-server.ts'
import { SseSessions } from './native/sse-sessions.ts'
import { answerByWeb } from './native/web-exchange.ts'
import { composeOAuth, type OAuthParts } from './oauth/compose-oauth.ts'
import { offerSignIn } from './oauth/offer-sign-in.ts'
import type { ShortLived } from './oauth/one-time-values.ts'
import { OpenApiServers } from './openapi/openapi-servers.ts'
import { refuseOperatorUrl } from './registry/judge-url.ts'
import { McpRegistry } from './registry/mcp-registry.ts'
import { ServerSecrets } from './registry/server-secrets.ts'
import type { McpServerStore } from './registry/server-store.ts'
import { withoutChallenges } from './rest/proxy-routes.ts'
import { aliasOf, type McpServer } from './server.ts'
import { Connector } from './upstream/connector.ts'
import type { ClientHeaders } from './upstream/credentials.ts'
import { createGuardedFetch, EgressRefused, type Fetch } from './upstream/guarded-fetch.ts'
import type { McpResult } from './upstream/upstream-session.ts'
import { Upstreams } from './upstream/upstreams.ts'
import type { CatalogueView, ViewItem } from './view/catalogue-view.ts'
import { SettledViews } from './view/settled-views.ts'
import { type Selection, Views } from './view/views.ts'

export interface McpGatewayOptions {
  readonly config: () => GatewayConfig
  readonly store: McpServerStore
  /** Served beside the tools of servers, where the configuration says so. */
  readonly skills: SkillResources
  /** What secrets are sealed with; null when nothing is configured. */
  readonly secret: string | null
  /** To addresses of the operator, and to those of everybody else. */
  readonly transports: { readonly operator: Transport; readonly user: Transport }
  readonly announce: () => void
  /** Reads a file that the operator named. */
  readonly readFile: (path: string) => Promise<string>
  /** Accounts of people at tool servers. */
  readonly accounts: McpAccountStore
  readonly shared: ShortLived
  /** Holds a call to the limits of its caller. Errors: rejects with a `GatewayError`. */
  readonly admitTool: RelayDependencies['admitTool']
  /** A call is over: its record, its ledger row, its metrics. */
  readonly settleTool: RelayDependencies['settleTool']
  readonly audit: (event: AuditEvent) => void
  readonly log: (level: 'info' | 'warn', event: string, fields: Readonly<Record<string, string>>) => void
  readonly now: () => number
  readonly random: () => number
}

/** The gateway for tool servers, from the registry to the endpoint that clients of the protocol speak to. */
export class McpGateway {
  readonly registry: McpRegistry
  readonly catalogue = new Catalogue()
  readonly views: Views
  readonly settledViews: SettledViews
  readonly upstreams: Upstreams
  readonly egress: UserEgress
  readonly #options: McpGatewayOptions
  readonly #relay: RelayDependencies
  readonly #sessions: LegacySessions
  readonly #modern: ModernHandler
  readonly #fetches: Readonly<Record<McpServer['source'], Fetch>>
  readonly sse: SseSessions
  readonly oauth: OAuthParts
  readonly #cursors: Cursors
  /** Servers whose clients were told of an old header. */
  readonly #warned = new WeakSet<McpServer>()
  #poll: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(options: McpGatewayOptions) {
    const { config, store, secret, now, random, log } = options
    const mcp = () => config().mcp
    this.#options = options
    this.egress = new UserEgress(config().userEgress)
    this.registry = new McpRegistry({
      store,
      secrets: new ServerSecrets(secret),
      configured: () => mcp().servers,
      onChange: (registry) => {
        this.catalogue.adopt(registry.servers)
        this.upstreams.follow(registry)
      },
      announce: options.announce,
      onRemoved: (serverId) => options.accounts.removeServer(serverId),
      onUnreadable: (server_id) => log('warn', 'mcp_server_unreadable', { server_id }),
    })
    this.views = new Views({ registry: this.registry, catalogue: this.catalogue, config: mcp })
    const { operator, user } = options.transports
    this.#fetches = {
      config: createGuardedFetch(operator, refuseOperatorUrl),
      database: createGuardedFetch(user, (url) => this.egress.refuseUrl(url, { plainHttp: true })),
    }
    this.oauth = composeOAuth({
      ...{ config: mcp, store: options.accounts, secret, shared: options.shared, now },
      ...{ egress: this.egress, userTransport: user, fetches: this.#fetches },
      findServer: (serverId) => this.registry.find(serverId),
    })
    const connector = this.#createConnector()
    this.upstreams = new Upstreams(connector, {
      registry: this.registry,
      catalogue: this.catalogue,
      connector,
      identify: (server) => this.oauth.accounts.identifyWatcher(server),
      openApi: new OpenApiServers({ fetches: this.#fetches, readFile: options.readFile }),
      config: mcp,
      onQuarantined: ({ settings: { serverId } }, toolName, reason) =>
        options.audit({
          ...{ action: 'mcp.tool.quarantine', requestId: null, actor: null, serverId, toolName },
          ...{ outcome: 'denied', reason },
        }),
      onResourceUpdated: (server, uri) => {
        this.#sessions.tellUpdated(server, uri)
        this.#modern.tellUpdated(server, uri)
      },
      now,
      random,
    })
    this.settledViews = new SettledViews({
      ...{ views: this.views, catalogue: this.catalogue, upstreams: this.upstreams, now },
      accounts: this.oauth.accounts,
    })
    const sealing = secret ?? randomBytes(32)
    this.#relay = {
      upstreams: this.upstreams,
      identify: (server, { caller, headers }) =>
        this.oauth.accounts.identify(server, { owner: ownerOf(caller), headers }),
      forgetAccount: ({ settings }, { caller }) =>
        this.oauth.vault.forget(ownerOf(caller) ?? '', settings.serverId),
      admitTool: options.admitTool,
      settleTool: options.settleTool,
      tracesCalls: () => mcp().tracesCalls,
      now,
      offerSignIn: (server, downstream) => offerSignIn(this.oauth.signIns, config(), server, downstream),
      states: new RequestStates(sealing, now),
      parked: new ParkedCalls(),
    }
    this.#cursors = new Cursors(sealing)
    const parts = { upstreams: this.upstreams, catalogue: this.catalogue }
    const serverOptions = () => this.#serverOptions()
    this.#sessions = new LegacySessions({
      ...parts,
      serverOptions,
      // Each worker would know its own sessions only.
      idleMs: () => (config().server.workers > 1 ? 0 : mcp().sessionIdleMs),
      now,
    })
    this.#modern = new ModernHandler({ ...parts, serverOptions })
    this.sse = new SseSessions({ catalogue: this.catalogue, config: () => mcp().sse, serverOptions, now })
  }

  /** Reads the registry and follows it from now on. Errors: rejects when the store cannot be read. */
  async start(): Promise<void> {
    await this.registry.refresh()
    this.#pollAgain()
  }

  /** The configuration or the store has changed. */
  refresh(): void {
    this.registry.refresh().catch((error: unknown) => this.#logUnread(error))
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  /** Answers one request of the endpoint for clients of the protocol. */
  async serve(exchange: Exchange, caller: Caller, selection: Selection, body: unknown): Promise<void> {
    const skills = this.#skillsOf(exchange, caller)
    const scope = JSON.stringify([selection, skills?.workspaceId])
    const view = await this.settledViews.find(caller, selection, (found) => canAnswer(found, body))
    const request = {
      principal: principalOf(caller),
      caller,
      view: () => this.views.find(caller, selection),
      skills,
      headers: this.#headersFor(view, exchange.request.headers),
      origin: exchange,
      body,
    }
    await answerByWeb(exchange, async (web) =>
      (await isLegacyRequest(web, body))
        ? this.#sessions.handle(web, { ...request, scope })
        : this.#modern.handle(web, request),
    )
  }

  /** `x-mcp-auth` is the old name of what is now sent for one server by its name. */
  #headersFor(view: CatalogueView | null, sent: ClientHeaders): ClientHeaders {
    const credential = sent['x-mcp-auth']
    const [server] = view?.servers ?? []
    if (credential === undefined || view?.isSingle !== true || server === undefined) return sent
    const name = `x-mcp-${aliasOf(server).toLowerCase()}-authorization`
    if (!this.#warned.has(server)) {
      this.#warned.add(server)
      const { serverId: server_id } = server.settings
      this.#options.log('warn', 'mcp_deprecated_header', { server_id, header: 'x-mcp-auth', instead: name })
    }
    return { [name]: credential, ...sent }
  }

  /** Opens a stream of the old transport; false when there are too many. */
  openSse(exchange: Exchange, caller: Caller, base: string): Promise<boolean> {
    const view = () => this.views.find(caller, { selector: null })
    const skills = this.#skillsOf(exchange, caller)
    return this.sse.open(exchange, { principal: principalOf(caller), caller, view, skills, base })
  }

  /** A message for such a stream; false when it is not there, or not this caller's. */
  async receiveSse(caller: Caller, id: string, message: unknown): Promise<boolean> {
    await this.settledViews.find(caller, { selector: null }, (view) => canAnswer(view, message))
    return this.sse.receive(id, principalOf(caller), message as JSONRPCMessage)
  }

  /** Sends a request to a server as it is, and its answer back. Errors: 400 `ssrf_blocked`, 502, 504. */
  async relayRaw(exchange: Exchange, server: McpServer, url: string, init: RequestInit): Promise<void> {
    const response = await this.#fetches[server.source](url, init).catch((error: unknown) => {
      throw describeRawFailure(error)
    })
    await answerByWeb(exchange, async () => withoutChallenges(response))
  }

  /** Looks a tool up for callers that are not clients of the protocol. */
  findTool(view: CatalogueView, name: string): ReturnType<typeof findTool> {
    return findTool(view, name)
  }

  findArgumentProblem(tool: ViewItem, args: unknown): string | null {
    return findToolArgumentProblem(tool, args)
  }

  /** A call for somebody who cannot be asked anything. Errors: rejects with an `RpcError`. */
  callTool(
    caller: Caller,
    tool: ViewItem,
    args: unknown,
    { headers, signal, origin }: Pick<Downstream, 'headers' | 'signal' | 'origin'>,
  ): Promise<McpResult> {
    const downstream: Downstream = {
      era: 'modern',
      principal: principalOf(caller),
      caller,
      origin,
      headers,
      capabilities: {},
      logLevel: null,
      signal,
      meta: {},
      progressToken: null,
      inputResponses: null,
      requestState: null,
      notify: () => {},
      ask: () => Promise.reject(new Error('nobody to ask')),
    }
    const { callTimeoutMs } = this.#options.config().mcp
    return callTool(this.#relay, downstream, tool, { name: tool.name, arguments: args }, callTimeoutMs)
  }

  /** The skills of a workspace have changed, here or in another process. */
  tellSkillsChanged(workspaceId: string): void {
    this.#sessions.tellSkillsChanged(workspaceId)
    this.#modern.tellSkillsChanged(workspaceId)
    this.sse.tellSkillsChanged(workspaceId)
  }

  /** Tells what was done about a server, and by whom. */
  audit(
    action: AuditAction,
    { requestId }: Pick<Exchange, 'requestId'>,
    actor: string | null,
    serverId: string,
    toolName?: string,
  ): void {
    const tool = toolName === undefined ? {} : { toolName }
    this.#options.audit({ action, requestId, actor, serverId, ...tool, outcome: 'success' })
  }

  /** Ends the streams that would stay open for good, so that calls under way can be waited for. */
  endStreams(): void {
    this.#sessions.endStreams()
    this.sse.endStreams()
    this.#modern.endStreams()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#poll !== null) clearTimeout(this.#poll)
    this.#relay.parked.close()
    this.sse.close()
    await Promise.all([this.#sessions.close(), this.#modern.close()])
    await this.upstreams.close()
    const { operator, user } = this.#options.transports
    await Promise.all([operator.close(), user.close()])
  }

  #createConnector(): Connector {
    const { config, now, log } = this.#options
    return new Connector({
      fetches: this.#fetches,
      clientInfo: () => this.identity,
      connectTimeoutMs: () => config().mcp.healthTimeoutMs,
      onChallenge: (server, challenge) => this.oauth.accounts.learn(server, challenge),
      onStderr: ({ settings }, text) => log('info', 'mcp_stderr', { server_id: settings.serverId, text }),
      now,
    })
  }

  /** Errors: as `workspaceOf`. */
  #skillsOf(exchange: Exchange, caller: Caller): CallerSkills | null {
    if (!this.#options.config().skills.isServedOverMcp) return null
    const workspaceId = workspaceOf(caller, exchange.header('x-workspace-id'))
    return { resources: this.#options.skills, workspaceId, agentName: caller.keyAlias ?? 'mcp' }
  }

  #serverOptions(): Omit<
    ProtocolServerOptions,
    'era' | 'principal' | 'caller' | 'view' | 'skills' | 'headers' | 'origin'
  > {
    return {
      ...this.#relay,
      config: () => this.#options.config().mcp,
      cursors: this.#cursors,
      serverInfo: this.identity,
    }
  }

  /** How the gateway calls itself on the wire. */
  get identity(): { readonly name: string; readonly version: string } {
    const { serverName, serverVersion } = this.#options.config().mcp
    return { name: serverName, version: serverVersion ?? version }
  }

  /** What was missed of others' changes is found here. */
  #pollAgain(): void {
    const { syncIntervalMs, sharesChanges } = this.#options.config().mcp
    this.#poll = setTimeout(() => {
      const reading = sharesChanges ? this.registry.refresh() : Promise.resolve()
      reading
        .catch((error: unknown) => this.#logUnread(error))
        .finally(() => {
          if (!this.#isClosed) this.#pollAgain()
        })
    }, syncIntervalMs).unref()
  }

  #logUnread(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.log('warn', 'mcp_registry_unread', { reason })
  }
}

function describeRawFailure(error: unknown): GatewayError {
  if (error instanceof EgressRefused) return new GatewayError('ssrf_blocked', error.message)
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  const message = isTimeout ? 'The server did not answer in time.' : 'The server could not be reached.'
  return new GatewayError('upstream_connection_error', message, { status: isTimeout ? 504 : 502 })
}

/** Whom sessions, states and cursors belong to. */
function principalOf({ keyHash, kind }: Caller): string {
  return keyHash ?? kind
}
