import type { McpConfig } from '../../config/config.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { pinOf } from '../catalogue/definition.ts'
import type { HealthStatus, ServerOffer } from '../catalogue/server-state.ts'
import type { OpenApiServers } from '../openapi/openapi-servers.ts'
import type { McpRegistry } from '../registry/mcp-registry.ts'
import { aliasOf, isLazy, type McpServer } from '../server.ts'
import { listClashing } from '../view/name-clash.ts'
import type { Connector } from './connector.ts'
import type { UpstreamIdentity } from './credentials.ts'
import { describeFailure } from './describe-failure.ts'
import { readOffer } from './read-offer.ts'
import type { FailureKind } from './upstream-failure.ts'
import type { UpstreamSession } from './upstream-session.ts'

const settleMs = 50
/** An idle program is not started again only to see whether it still starts. */
const stdioIdleMs = 600_000

export interface WatcherOptions {
  readonly registry: McpRegistry
  readonly catalogue: Catalogue
  readonly connector: Connector
  readonly openApi: OpenApiServers
  /** The account the gateway looks at a server with. */
  readonly identify: (server: McpServer) => Promise<UpstreamIdentity>
  readonly config: () => McpConfig
  /** A definition is held back. */
  readonly onQuarantined: (server: McpServer, name: string, reason: string) => void
  readonly onResourceUpdated: (server: McpServer, uri: string) => void
  readonly now: () => number
  readonly random: () => number
}

/**
 * Watches one server with the gateway's own account: asks what it offers, hears of changes, asks again every now and then.
 * Its failures stay here.
 */
export class ServerWatcher {
  readonly server: McpServer
  readonly #options: WatcherOptions
  #session: UpstreamSession | null = null
  #stopListening: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  #asking: Promise<void> | null = null
  #looking: Promise<void> | null = null
  #isStopped = false
  #lastSuccessAt: number | null = null
  #usedAt: number
  #startedAt: number | null = null
  /** Resolves when the server has answered, or failed to, for the first time. */
  readonly firstAnswer: Promise<void>
  #onFirstAnswer: (() => void) | null = null
  readonly #uris = new Map<string, number>()
  /** Digests of changed definitions that were told of. */
  readonly #told = new Set<string>()

  constructor(server: McpServer, options: WatcherOptions) {
    this.server = server
    this.#options = options
    this.#usedAt = options.now()
    this.firstAnswer = new Promise((resolve) => {
      this.#onFirstAnswer = resolve
    })
  }

  /** Asks once now; several that ask at the same time share the answer. Never rejects. */
  ask(): Promise<void> {
    this.#startedAt ??= this.#options.now()
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
      this.#onFirstAnswer?.()
      this.#onFirstAnswer = null
      this.#schedule()
    })
    return this.#asking
  }

  /** When it was asked for the first time, in epoch milliseconds; null before that. */
  get startedAt(): number | null {
    return this.#startedAt
  }

  /** A program that is started when it is needed first. */
  get isLazy(): boolean {
    return isLazy(this.server)
  }

  /** Somebody calls the server: a program is watched while it is in use. */
  noteUse(): void {
    this.#usedAt = this.#options.now()
  }

  /** It was asked at least once. */
  get hasAnswered(): boolean {
    return this.#onFirstAnswer === null
  }

  /** Somebody wants to hear of a resource. Returns what ends it. */
  async subscribe(uri: string): Promise<() => void> {
    const uses = this.#uris.get(uri) ?? 0
    this.#uris.set(uri, uses + 1)
    if (uses === 0) await this.#follow(uri).catch(() => {})
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = (this.#uris.get(uri) ?? 1) - 1
      if (left > 0) this.#uris.set(uri, left)
      else {
        this.#uris.delete(uri)
        void this.#unfollow(uri).catch(() => {})
      }
    }
  }

  /** Asks anew, as who it is now; several that want it at the same time share the answer. */
  lookAgain(): Promise<void> {
    this.#looking ??= this.#lookAgain().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #lookAgain(): Promise<void> {
    await this.#asking
    await this.#hangUp()
    await this.ask()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#onFirstAnswer?.()
    await this.#hangUp()
  }

  async #ask(): Promise<void> {
    const { catalogue, config, now, openApi } = this.#options
    const { healthTimeoutMs, listTimeoutMs } = config()
    const startedAt = now()
    const deadline = AbortSignal.timeout(Math.max(healthTimeoutMs, listTimeoutMs))
    try {
      const offer = openApi.owns(this.server)
        ? await openApi.readOffer(this.server, deadline)
        : await readOffer(await this.#connect(), healthTimeoutMs, deadline)
      if (this.#isStopped) return
      this.#tellChanged(offer)
      await this.#pin(offer)
      this.#lastSuccessAt = now()
      catalogue.setOffer(this.server, offer, {
        status: 'healthy',
        latencyMs: now() - startedAt,
        checkedAt: now(),
        lastSuccessAt: this.#lastSuccessAt,
        error: null,
      })
    } catch (error) {
      const failure = describeFailure(error, aliasOf(this.server))
      await this.#hangUp()
      if (this.#isStopped) return
      catalogue.setHealth(this.server, {
        status: statusOf(failure.kind),
        latencyMs: now() - startedAt,
        checkedAt: now(),
        lastSuccessAt: this.#lastSuccessAt,
        error: failure.message,
      })
    }
  }

  async #connect(): Promise<UpstreamSession> {
    if (this.#session !== null && !this.#session.isClosed) return this.#session
    const session = await this.#options.connector.connect(
      this.server,
      await this.#options.identify(this.server),
      {},
      (method, params) => this.#hear(method, params),
    )
    this.#session = session
    await this.#listen(session)
    return session
  }

  async #listen(session: UpstreamSession): Promise<void> {
    if (session.era === 'legacy') {
      for (const uri of this.#uris.keys()) await this.#request('resources/subscribe', uri).catch(() => {})
      return
    }
    this.#stopListening?.()
    const lost = (): void => {
      this.#stopListening = null
      this.#askSoon(this.#options.config().healthIntervalMs)
    }
    this.#stopListening = await session.listen([...this.#uris.keys()], lost).catch(() => null)
  }

  #hear(method: string, params: Record<string, unknown>): void {
    if (method === 'notifications/resources/updated' && typeof params['uri'] === 'string')
      this.#options.onResourceUpdated(this.server, params['uri'])
    else if (method.endsWith('/list_changed')) this.#askSoon(settleMs)
  }

  async #follow(uri: string): Promise<void> {
    const session = await this.#connect()
    if (session.era === 'modern') await this.#listen(session)
    else await this.#request('resources/subscribe', uri)
  }

  async #unfollow(uri: string): Promise<void> {
    const session = this.#session
    if (session === null || session.isClosed) return
    if (session.era === 'modern') await this.#listen(session)
    else await this.#request('resources/unsubscribe', uri)
  }

  async #request(method: string, uri: string): Promise<void> {
    const { healthTimeoutMs } = this.#options.config()
    const signal = AbortSignal.timeout(healthTimeoutMs)
    await this.#session?.request(method, { uri }, { timeoutMs: healthTimeoutMs, signal })
  }

  /**
   * Tools that are seen for the first time are approved, where the server is trusted that far and no name of another
   * server's is taken.
   */
  async #pin(offer: ServerOffer): Promise<void> {
    const { settings, source } = this.server
    if (source !== 'config' && !settings.approvesOnFirstUse) return
    const { registry, config, onQuarantined } = this.#options
    const fresh = [...offer.tools, ...offer.prompts, ...offer.templates].filter(
      ({ kind, name }) => registry.findPin(settings.serverId, kind, name) === null,
    )
    // The operator's own file may give two servers one name; then neither has it.
    const clashing =
      source === 'config' || fresh.length === 0
        ? new Set()
        : listClashing(registry, this.server, fresh, config().toolPrefix)
    const pins = fresh
      .filter((definition) => !clashing.has(definition))
      .map((definition) => pinOf(settings.serverId, definition, null))
    for (const definition of fresh) {
      if (!clashing.has(definition) || this.#told.has(definition.digest)) continue
      this.#told.add(definition.digest)
      onQuarantined(this.server, definition.name, 'its name is that of a tool of another server')
    }
    await registry.addPins(pins).catch(() => {})
  }

  /** Each change is told once. */
  #tellChanged({ tools, prompts, templates }: ServerOffer): void {
    const { registry, onQuarantined } = this.#options
    for (const { kind, name, digest } of [...tools, ...prompts, ...templates]) {
      const pin = registry.findPin(this.server.settings.serverId, kind, name)
      if (pin === null || pin.digest === digest || this.#told.has(digest)) continue
      this.#told.add(digest)
      onQuarantined(this.server, name, 'its definition has changed')
    }
  }

  #schedule(): void {
    const { config, random } = this.#options
    this.#askSoon(config().healthIntervalMs * (0.8 + 0.4 * random()))
  }

  #askSoon(ms: number): void {
    if (this.#isStopped) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.#isIdleProgram()) void this.#hangUp().then(() => this.#schedule())
      else void this.ask()
    }, ms).unref()
  }

  #isIdleProgram(): boolean {
    return this.server.settings.transport === 'stdio' && this.#options.now() - this.#usedAt > stdioIdleMs
  }

  async #hangUp(): Promise<void> {
    const session = this.#session
    this.#session = null
    this.#stopListening?.()
    this.#stopListening = null
    await session?.close()
  }
}

function statusOf(kind: FailureKind): HealthStatus {
  if (kind === 'auth_required' || kind === 'sign_in') return 'auth_required'
  return kind === 'blocked' ? 'blocked' : 'unhealthy'
}
