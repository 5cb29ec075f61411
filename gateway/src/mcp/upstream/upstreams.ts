import type { ClientCapabilities } from '@modelcontextprotocol/client'
import type { ServerOffer } from '../catalogue/server-state.ts'
import type { McpRegistry } from '../registry/mcp-registry.ts'
import { aliasOf, type McpServer } from '../server.ts'
import { CallSlots } from './call-slots.ts'
import type { Connector } from './connector.ts'
import type { UpstreamIdentity } from './credentials.ts'
import { describeFailure } from './describe-failure.ts'
import { readOffer } from './read-offer.ts'
import { SessionPool } from './session-pool.ts'
import { UpstreamFailure } from './upstream-failure.ts'
import type { CallOptions, Interaction, McpResult, UpstreamSession } from './upstream-session.ts'
import { ServerWatcher, type WatcherOptions } from './watcher.ts'

export interface UpstreamRequest {
  readonly server: McpServer
  readonly identity: UpstreamIdentity
  readonly principal: string
  readonly capabilities: ClientCapabilities
  readonly method: string
  /** Built for the session that was found, whose era is known then. */
  readonly params: (era: UpstreamSession['era']) => Record<string, unknown>
  readonly options: CallOptions
  readonly interaction: Interaction | null
  /** Told when a try at the server is over; null where nobody wants to know. */
  readonly onAttempt: ((attempt: UpstreamAttempt) => void) | null
}

/** One try at a server that is over. Times are epoch milliseconds. */
export interface UpstreamAttempt {
  readonly startedAt: number
  readonly endedAt: number
  readonly protocolVersion: string | null
  readonly result: McpResult | null
  /** Null when the server has answered. */
  readonly failure: UpstreamFailure | null
}

/** All tool servers: one watcher for each, and the sessions of callers. */
export class Upstreams {
  readonly #connector: Connector
  readonly #watcherOptions: WatcherOptions
  readonly #pool: SessionPool
  readonly #watchers = new Map<string, ServerWatcher>()
  readonly #slots = new WeakMap<McpServer, CallSlots>()
  readonly #now: () => number

  constructor(connector: Connector, watcherOptions: WatcherOptions) {
    this.#connector = connector
    this.#watcherOptions = watcherOptions
    this.#now = watcherOptions.now
    this.#pool = new SessionPool(connector, watcherOptions.now)
  }

  /** Watches the servers of the registry as they are now. */
  follow(registry: McpRegistry): void {
    const current = new Set(registry.servers)
    for (const [serverId, watcher] of this.#watchers) {
      if (current.has(watcher.server)) continue
      this.#watchers.delete(serverId)
      void watcher.stop()
    }
    for (const server of registry.servers) {
      if (this.#watchers.has(server.settings.serverId)) continue
      const watcher = new ServerWatcher(server, this.#watcherOptions)
      this.#watchers.set(server.settings.serverId, watcher)
      if (!watcher.isLazy) void watcher.ask()
    }
    this.#pool.retain(registry.servers)
  }

  /** Resolves once the server has answered or failed to. */
  async probe(server: McpServer): Promise<void> {
    await this.#watchers.get(server.settings.serverId)?.ask()
  }

  /**
   * Resolves when all these servers have been asked at least once, so that what they offer is known after a start; programs
   * that nobody needed yet are started. Each is waited for only as long as a probe may take, counted from its first one.
   */
  async awaitFirstAnswers(servers: readonly McpServer[]): Promise<void> {
    const { config, now } = this.#watcherOptions
    const waiting = servers.flatMap(({ settings }) => {
      const watcher = this.#watchers.get(settings.serverId)
      return watcher === undefined || watcher.hasAnswered ? [] : [watcher]
    })
    if (waiting.length === 0) return
    for (const watcher of waiting) if (watcher.startedAt === null) void watcher.ask()
    const until = Math.max(...waiting.map(({ startedAt }) => startedAt ?? 0)) + config().healthTimeoutMs
    if (until <= now()) return
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, until - now()).unref()
    })
    await Promise.race([deadline, Promise.all(waiting.map(({ firstAnswer }) => firstAnswer))])
    clearTimeout(timer)
  }

  /** What a server that is not registered offers. Errors: rejects with an `UpstreamFailure`. */
  async tryOut(server: McpServer): Promise<ServerOffer> {
    const { config, identify, openApi } = this.#watcherOptions
    const { healthTimeoutMs } = config()
    const deadline = AbortSignal.timeout(healthTimeoutMs)
    try {
      if (openApi.owns(server)) return await openApi.readOffer(server, deadline)
      const session = await this.#connector.connect(server, await identify(server), {}, () => {})
      return await readOffer(session, healthTimeoutMs, deadline).finally(() => session.close())
    } catch (error) {
      throw describeFailure(error, aliasOf(server))
    }
  }

  /** Somebody has signed in: what the server offers can be seen now, perhaps. */
  async lookAgain(server: McpServer): Promise<void> {
    await this.#watchers.get(server.settings.serverId)?.lookAgain()
  }

  async subscribe(server: McpServer, uri: string): Promise<() => void> {
    return (await this.#watchers.get(server.settings.serverId)?.subscribe(uri)) ?? (() => {})
  }

  /** One call. Errors: rejects with an `UpstreamFailure`. */
  async call(request: UpstreamRequest): Promise<McpResult> {
    const { server } = request
    if (server.settings.transport === 'stdio') this.#watchers.get(server.settings.serverId)?.noteUse()
    try {
      return await this.#slotsOf(server).run(() => this.#callTwice(request), isFault)
    } catch (error) {
      throw describeFailure(error, aliasOf(server))
    }
  }

  async close(): Promise<void> {
    const watchers = [...this.#watchers.values()]
    this.#watchers.clear()
    await Promise.all([this.#pool.close(), ...watchers.map((watcher) => watcher.stop())])
  }

  /** A session that the server has forgotten never saw the request, so it is sent once more in a new one. */
  async #callTwice(request: UpstreamRequest): Promise<McpResult> {
    try {
      return await this.#callOnce(request)
    } catch (error) {
      const failure = describeFailure(error, aliasOf(request.server))
      if (failure.kind !== 'session_lost') throw failure
      this.#connector.forgetEra(request.server)
      return this.#callOnce(request)
    }
  }

  async #callOnce(request: UpstreamRequest): Promise<McpResult> {
    const { method, options, interaction, server, identity } = request
    const { openApi } = this.#watcherOptions
    if (openApi.owns(server)) {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
      return openApi.call(server, identity, request.params('legacy'), signal)
    }
    const lease = await this.#pool.lease(request)
    const { session } = lease
    const startedAt = this.#now()
    const tell = (result: McpResult | null, failure: UpstreamFailure | null): void => {
      const { protocolVersion } = session
      request.onAttempt?.({ startedAt, endedAt: this.#now(), protocolVersion, result, failure })
    }
    try {
      const result = await session.request(method, request.params(session.era), options, interaction)
      lease.release()
      tell(result, null)
      return result
    } catch (error) {
      const failure = describeFailure(error, aliasOf(request.server))
      if (failure.kind === 'session_lost') lease.discard()
      else lease.release()
      tell(null, failure)
      throw failure
    }
  }

  #slotsOf(server: McpServer): CallSlots {
    const slots = this.#slots.get(server) ?? new CallSlots(aliasOf(server), this.#now)
    this.#slots.set(server, slots)
    return slots
  }
}

/** Whether the server is at fault, rather than what it was asked. */
function isFault(error: unknown): boolean {
  return error instanceof UpstreamFailure && (error.kind === 'unreachable' || error.kind === 'timeout')
}
