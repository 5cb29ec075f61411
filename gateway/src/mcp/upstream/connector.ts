import {
  type AuthProvider,
  type ClientCapabilities,
  extractWWWAuthenticateParams,
  type PriorDiscovery,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import type { Challenge } from '../oauth/authorization-server.ts'
import { aliasOf, type McpServer } from '../server.ts'
import type { TokenSource, UpstreamIdentity } from './credentials.ts'
import { describeFailure } from './describe-failure.ts'
import type { Fetch } from './guarded-fetch.ts'
import type { Programs } from './programs.ts'
import { UpstreamFailure } from './upstream-failure.ts'
import { UpstreamSession } from './upstream-session.ts'

const modernForMs = 86_400_000
const legacyForMs = 3_600_000
/** Enough for a stream that broke; calls are not resumed for longer. */
const reconnection = {
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 5,
}

export interface ConnectorOptions {
  /** To the addresses of the operator's file, and to those of everybody else. */
  readonly fetches: { readonly config: Fetch; readonly database: Fetch }
  readonly clientInfo: () => { readonly name: string; readonly version: string }
  readonly connectTimeoutMs: () => number
  readonly programs: Programs
  /** A server refused a call for want of an account. */
  readonly onChallenge: (server: McpServer, challenge: Challenge) => void
  /** A session begins; what is returned hears how many milliseconds it lasted. */
  readonly onSession: (server: McpServer) => (durationMs: number) => void
  readonly now: () => number
}

interface Verdict {
  readonly prior: PriorDiscovery
  readonly until: number
}

/** Opens sessions at tool servers and remembers which era each speaks. */
export class Connector {
  readonly #options: ConnectorOptions
  readonly #verdicts = new WeakMap<McpServer, Verdict>()
  /** The token that each refusal was of. */
  readonly #refusedTokens = new WeakMap<object, string | null>()

  constructor(options: ConnectorOptions) {
    this.#options = options
  }

  /** Null while nobody knows. */
  eraOf(server: McpServer): 'legacy' | 'modern' | null {
    return this.#priorOf(server)?.kind ?? null
  }

  /** The next session asks the server again which era it speaks. */
  forgetEra(server: McpServer): void {
    this.#verdicts.delete(server)
  }

  /** Errors: rejects with an `UpstreamFailure`. */
  async connect(
    server: McpServer,
    identity: UpstreamIdentity,
    capabilities: ClientCapabilities,
    onNotification: (method: string, params: Record<string, unknown>) => void,
  ): Promise<UpstreamSession> {
    const { protocolEra } = server.settings
    const prior = protocolEra === 'auto' ? this.#priorOf(server) : null
    try {
      const session = await UpstreamSession.open({
        transport: this.#createTransport(server, identity),
        clientInfo: this.#options.clientInfo(),
        capabilities,
        // Old SSE is older than the modern era.
        era: server.settings.transport === 'sse' ? 'legacy' : protocolEra,
        prior,
        timeoutMs: this.#options.connectTimeoutMs(),
        onNotification,
      })
      if (prior === null) this.#remember(server, session.discovery)
      this.#measure(server, session)
      return session
    } catch (error) {
      // What was known about it may be what is wrong.
      if (prior !== null) this.forgetEra(server)
      const failure = describeFailure(error, aliasOf(server))
      throw failure.kind === 'session_lost'
        ? new UpstreamFailure('unreachable', `${aliasOf(server)} answered with status 404.`)
        : failure
    }
  }

  #measure(server: McpServer, session: UpstreamSession): void {
    const { now, onSession } = this.#options
    const openedAt = now()
    const end = onSession(server)
    session.whenClosed(() => end(now() - openedAt))
  }

  #createTransport(server: McpServer, identity: UpstreamIdentity): Transport {
    const { transport, url } = server.settings
    if (transport === 'stdio') return this.#options.programs.open(server, identity)
    const { headers, tokens } = identity
    const address = new URL(url ?? '')
    const options = {
      fetch: this.#listeningFetch(server),
      requestInit: { headers: { ...headers } },
      ...(tokens !== undefined && { authProvider: this.#authProvider(tokens) }),
    }
    return transport === 'sse'
      ? new SSEClientTransport(address, options)
      : new StreamableHTTPClientTransport(address, { ...options, reconnectionOptions: reconnection })
  }

  #authProvider(tokens: TokenSource): AuthProvider {
    return {
      token: () => tokens.token(),
      onUnauthorized: ({ response }) => tokens.onUnauthorized(this.#refusedTokens.get(response) ?? null),
    }
  }

  /** Hears what a server says when it refuses. */
  #listeningFetch(server: McpServer): Fetch {
    const fetch = this.#options.fetches[server.source]
    return async (url, init) => {
      const response = await fetch(url, init)
      if (response.status === 401) this.#refusedTokens.set(response, bearerOf(init))
      if (response.status === 401 || response.status === 403) {
        const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response)
        if (resourceMetadataUrl !== undefined || scope !== undefined)
          this.#options.onChallenge(server, {
            resourceMetadataUrl: resourceMetadataUrl?.href ?? null,
            scope: scope ?? null,
            isStepUp: response.status === 403,
          })
      }
      return response
    }
  }

  #priorOf(server: McpServer): PriorDiscovery | null {
    const verdict = this.#verdicts.get(server)
    return verdict !== undefined && verdict.until > this.#options.now() ? verdict.prior : null
  }

  #remember(server: McpServer, prior: PriorDiscovery): void {
    const lifetime = prior.kind === 'modern' ? modernForMs : legacyForMs
    this.#verdicts.set(server, { prior, until: this.#options.now() + lifetime })
  }
}

function bearerOf(init: Parameters<Fetch>[1]): string | null {
  const [, token = null] = /^Bearer (.+)$/i.exec(new Headers(init?.headers).get('authorization') ?? '') ?? []
  return token
}
