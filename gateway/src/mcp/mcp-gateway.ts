import { randomBytes } from 'node:crypto'
import type { GatewayConfig } from '../config/config.ts'
import type { Exchange } from '../http/exchange.ts'
import type { FindAgentPermission } from '../identity/object-grants.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SkillResources } from '../skills/mcp/skill-resources.ts'
import type { McpMetrics } from '../telemetry/metrics/mcp-metrics.ts'
import { UserEgress } from '../transport/egress/user-egress.ts'
import type { Transport } from '../transport/transport.ts'
import { version } from '../version.ts'
import type { McpAccountStore } from './accounts/account-store.ts'
import { ownerOf } from './accounts/credential.ts'
import { type AuditAction, type AuditEvent, describeProgram } from './audit.ts'
import { DirectCalls } from './call/direct-calls.ts'
import type { RelayDependencies } from './call/relay.ts'
import { RequestStates } from './call/request-state.ts'
import { ParkedCalls } from './call/running-call.ts'
import { Catalogue } from './catalogue/catalogue.ts'
import { NativeEndpoint } from './native/native-endpoint.ts'
import { type SiblingProcesses, Siblings } from './native/siblings.ts'
import { composeOAuth, type OAuthParts } from './oauth/compose-oauth.ts'
import { offerSignIn } from './oauth/offer-sign-in.ts'
import type { ShortLived } from './oauth/one-time-values.ts'
import { OpenApiServers } from './openapi/openapi-servers.ts'
import { mayRun } from './registry/judge-program.ts'
import { refuseOperatorUrl } from './registry/judge-url.ts'
import { McpRegistry } from './registry/mcp-registry.ts'
import { RegistryFollower } from './registry/registry-follower.ts'
import { ServerSecrets } from './registry/server-secrets.ts'
import type { McpServerStore } from './registry/server-store.ts'
import type { McpSubmissionStore } from './registry/submission-store.ts'
import { Submissions } from './registry/submissions.ts'
import type { McpServer } from './server.ts'
import type { ProgramHost } from './upstream/confine-program.ts'
import { Connector } from './upstream/connector.ts'
import { createGuardedFetch, type Fetch } from './upstream/guarded-fetch.ts'
import { Programs } from './upstream/programs.ts'
import { Upstreams } from './upstream/upstreams.ts'
import { SettledViews } from './view/settled-views.ts'
import { Views } from './view/views.ts'

/** To the addresses of the operator's file, and to those of everybody else. */
type Fetches = Readonly<Record<McpServer['source'], Fetch>>

export interface McpGatewayOptions {
  readonly config: () => GatewayConfig
  readonly store: McpServerStore
  readonly submissions: McpSubmissionStore
  /** Served beside the tools of servers, where the configuration says so. */
  readonly skills: SkillResources
  readonly keyRing: KeyRing
  /** What is sealed with it travels through clients; null when nothing is configured. */
  readonly secret: string | null
  /** To addresses of the operator, and to those of everybody else. */
  readonly transports: { readonly operator: Transport; readonly user: Transport }
  readonly announce: () => void
  /** Reads a file that the operator named. */
  readonly readFile: (path: string) => Promise<string>
  readonly programHost: ProgramHost
  /** Accounts of people at tool servers. */
  readonly accounts: McpAccountStore
  readonly shared: ShortLived
  /** The other processes of this gateway; null where one serves alone. */
  readonly siblings: SiblingProcesses | null
  /** Holds a call to the limits of its caller. Errors: rejects with a `GatewayError`. */
  readonly admitTool: RelayDependencies['admitTool']
  /** A call is over: its record, its ledger row, its metrics. */
  readonly settleTool: RelayDependencies['settleTool']
  readonly metrics: McpMetrics
  readonly audit: (event: AuditEvent) => void
  readonly findAgentPermission: FindAgentPermission
  readonly log: (level: 'info' | 'warn', event: string, fields: Readonly<Record<string, string>>) => void
  readonly now: () => number
  readonly random: () => number
}

/** The gateway for tool servers: its parts, from the registry to the endpoint that clients of the protocol speak to. */
export class McpGateway {
  readonly egress: UserEgress
  readonly fetches: Fetches
  readonly registry: McpRegistry
  readonly submissions: Submissions
  readonly catalogue = new Catalogue()
  readonly views: Views
  readonly settledViews: SettledViews
  readonly oauth: OAuthParts
  readonly upstreams: Upstreams
  readonly siblings: Siblings
  readonly endpoint: NativeEndpoint
  readonly calls: DirectCalls
  readonly #options: McpGatewayOptions
  readonly #parked: ParkedCalls
  readonly #follower: RegistryFollower

  constructor(options: McpGatewayOptions) {
    const { config, keyRing, secret, metrics, now, log } = options
    const mcp = () => config().mcp
    this.#options = options
    this.#parked = new ParkedCalls((count) => metrics.parkedCalls.set(count))
    this.siblings = new Siblings(options.siblings)
    this.egress = new UserEgress(config().userEgress)
    this.fetches = this.#createFetches()
    this.registry = this.#createRegistry(new ServerSecrets(keyRing, 'mcp_servers'))
    const { registry, catalogue } = this
    this.#follower = new RegistryFollower({
      ...{ registry, config: mcp },
      onUnread: (reason) => log('warn', 'mcp_registry_unread', { reason }),
    })
    const secrets = new ServerSecrets(keyRing, 'mcp_submissions')
    this.submissions = new Submissions({ store: options.submissions, secrets, registry })
    const { findAgentPermission } = options
    this.views = new Views({ registry, catalogue, config: mcp, findAgentPermission })
    this.oauth = composeOAuth({
      ...{ config: mcp, store: options.accounts, keyRing, secret, shared: options.shared, now },
      ...{ egress: this.egress, userTransport: options.transports.user, fetches: this.fetches },
      findServer: (serverId) => registry.find(serverId),
    })
    this.upstreams = this.#createUpstreams()
    const { views, upstreams, siblings } = this
    const { accounts } = this.oauth
    this.settledViews = new SettledViews({ views, catalogue, upstreams, accounts, now })
    const sealing = secret ?? randomBytes(32)
    const relay = this.#createRelay(sealing)
    this.calls = new DirectCalls(relay, mcp)
    this.endpoint = new NativeEndpoint({
      ...{ config, views, catalogue, upstreams, relay, siblings, sealing, metrics, now },
      ...{ settledViews: this.settledViews, skills: options.skills, identity: () => this.identity },
      onOldHeader: ({ settings }, header, instead) =>
        log('warn', 'mcp_deprecated_header', { server_id: settings.serverId, header, instead }),
    })
  }

  /** Reads the registry and follows it from now on. Errors: rejects when the store cannot be read. */
  start(): Promise<void> {
    return this.#follower.start()
  }

  /** The configuration or the store has changed. */
  refresh(): void {
    void this.#follower.look()
  }

  /** How the gateway calls itself on the wire. */
  get identity(): { readonly name: string; readonly version: string } {
    const { serverName, serverVersion } = this.#options.config().mcp
    return { name: serverName, version: serverVersion ?? version }
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

  async close(): Promise<void> {
    this.#follower.stop()
    this.#parked.close()
    await this.endpoint.close()
    await this.upstreams.close()
    const { operator, user } = this.#options.transports
    await Promise.all([operator.close(), user.close()])
  }

  #createFetches(): Fetches {
    const { operator, user } = this.#options.transports
    return {
      config: createGuardedFetch(operator, refuseOperatorUrl),
      database: createGuardedFetch(user, (url) => this.egress.refuseUrl(url, { plainHttp: true })),
    }
  }

  #createRegistry(secrets: ServerSecrets): McpRegistry {
    const { config, store, accounts, announce, log } = this.#options
    return new McpRegistry({
      ...{ store, secrets, announce },
      configured: () => config().mcp.servers,
      onChange: (registry) => {
        this.catalogue.adopt(registry.servers)
        this.upstreams.follow(registry)
      },
      onRemoved: (serverId) => accounts.removeServer(serverId),
      onUnreadable: (server_id) => log('warn', 'mcp_server_unreadable', { server_id }),
    })
  }

  #createUpstreams(): Upstreams {
    const { config, readFile, programHost, audit, metrics, now, random, log } = this.#options
    const { registry, catalogue, fetches } = this
    const { accounts } = this.oauth
    const connector = new Connector({
      ...{ fetches, now },
      clientInfo: () => this.identity,
      connectTimeoutMs: () => config().mcp.healthTimeoutMs,
      onSession: ({ settings }) => metrics.beginServerSession(settings.serverId),
      onChallenge: (server, challenge) => accounts.learn(server, challenge),
      programs: new Programs({
        isAllowed: (settings) => mayRun(settings, config().mcp.stdioApi),
        host: programHost,
        ...{ now, onEvent: ({ settings }, event) => audit(describeProgram(settings.serverId, event)) },
        onStderr: ({ settings }, text) => log('info', 'mcp_stderr', { server_id: settings.serverId, text }),
      }),
    })
    return new Upstreams(connector, {
      ...{ registry, catalogue, connector, now, random },
      identify: (server) => accounts.identifyWatcher(server),
      openApi: new OpenApiServers({ fetches, readFile }),
      config: () => config().mcp,
      onQuarantined: ({ settings: { serverId } }, toolName, reason) =>
        audit({
          ...{ action: 'mcp.tool.quarantine', requestId: null, actor: null, serverId, toolName },
          ...{ outcome: 'denied', reason },
        }),
      onResourceUpdated: (server, uri) => this.endpoint.tellUpdated(server, uri),
    })
  }

  #createRelay(sealing: string | Buffer): RelayDependencies {
    const { config, admitTool, settleTool, now } = this.#options
    const { accounts, vault, signIns } = this.oauth
    return {
      ...{ upstreams: this.upstreams, admitTool, settleTool, now, parked: this.#parked },
      identify: (server, { caller, headers }) =>
        accounts.identify(server, { owner: ownerOf(caller), headers }),
      forgetAccount: ({ settings }, { caller }) => vault.forget(ownerOf(caller) ?? '', settings.serverId),
      tracesCalls: () => config().mcp.tracesCalls,
      offerSignIn: (server, downstream) => offerSignIn(signIns, config(), server, downstream),
      states: new RequestStates(sealing, now, (state) => this.siblings.mark(state)),
    }
  }
}
