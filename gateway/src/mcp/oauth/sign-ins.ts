import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { McpServerSettings } from '../../config/config.ts'
import type { McpAccountStore } from '../accounts/account-store.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Vault } from '../accounts/vault.ts'
import type { McpServer } from '../server.ts'
import type { AuthorizationServer, AuthorizationServers, IssuerClient } from './authorization-server.ts'
import { OneTimeValues, type ShortLived } from './one-time-values.ts'

const sessionMs = 300_000
const stateMs = 600_000
const codeMs = 60_000

/** Where the gateway describes itself as a client, and where it is answered; below its public address. */
export const clientDocumentPath = '/mcp/oauth/client.json'
export const callbackPath = '/mcp/oauth/callback'

/** That somebody wants to sign in to a tool server, for themselves or for a client that waits for a code. */
export interface SignInRequest {
  /** The key the tokens of the gateway will stand for. */
  readonly keyHash: string
  readonly owner: string
  readonly serverId: string
  /** Of a server that is not registered yet. */
  readonly settings: McpServerSettings | null
  /** Null for somebody who signs in without a client. */
  readonly clientId: string | null
  readonly redirectUri: string | null
  readonly state: string | null
  readonly codeChallenge: string | null
  readonly resource: string
  /** The name by which the client knows the gateway as an authorization server. */
  readonly issuer: string | null
  /** What the server asked for beside what is configured. */
  readonly scope: string | null
}

/** What a code stands for. */
export type CodeHolder = Omit<SignInRequest, 'settings' | 'state' | 'issuer'>

interface PendingSignIn {
  readonly request: SignInRequest
  readonly at: AuthorizationServer
  readonly client: IssuerClient
  readonly codeVerifier: string
  readonly callbackUrl: string
  /** Digest of what only the browser that began knows. */
  readonly browser: string
}

export interface SignInsOptions {
  readonly store: McpAccountStore
  readonly vault: Vault
  readonly accounts: Accounts
  readonly authorizationServers: AuthorizationServers
  readonly shared: ShortLived
  readonly findServer: (serverId: string) => McpServer | null
  readonly now: () => number
}

/** How the end of a sign-in is told. */
export interface SignInEnd {
  readonly request: SignInRequest
  readonly server: McpServer
  /** Null when the person, or the authorization server, has refused. */
  readonly code: string | null
}

/** Signing people in to tool servers: what they get there stays here, clients get a code of the gateway's own. */
export class SignIns {
  readonly #options: SignInsOptions
  readonly #sessions: OneTimeValues<SignInRequest>
  readonly #pending: OneTimeValues<PendingSignIn>
  readonly #codes: OneTimeValues<CodeHolder>

  constructor(options: SignInsOptions) {
    const { shared, vault } = options
    const sealer = () => vault.requireSealer()
    this.#options = options
    this.#sessions = new OneTimeValues('session', sessionMs, shared, sealer)
    this.#pending = new OneTimeValues('sign-in', stateMs, shared, sealer)
    this.#codes = new OneTimeValues('code', codeMs, shared, sealer)
  }

  /** An address that works once, within five minutes, without a key. */
  async open(request: SignInRequest, base: string): Promise<{ readonly id: string; readonly url: string }> {
    // The process that goes on may not be the one that the server refused.
    const scope = this.#scopeOf(this.requireServer(request), request)
    const id = await this.#sessions.put({ ...request, scope })
    const path = `/v1/mcp/server/oauth/${encodeURIComponent(request.serverId)}/authorize`
    return { id, url: `${base}${path}?session_id=${id}` }
  }

  takeSession(id: string): Promise<SignInRequest | null> {
    return this.#sessions.take(id)
  }

  /** Where the browser goes next. `browser` is a secret of the browser's. Errors: 502, 504, 400 `ssrf_blocked`. */
  async begin(request: SignInRequest, base: string, browser: string): Promise<string> {
    const { accounts, authorizationServers } = this.#options
    const server = this.requireServer(request)
    const at = await authorizationServers.discover(server, accounts.challengeOf(server))
    const callbackUrl = base + callbackPath
    const client = await this.#introduce(server, at, base)
    const scope = this.#scopeOf(server, request)
    const { url, codeVerifier } = await authorizationServers.start(at, client, callbackUrl, scope)
    const pending = { request, at, client, codeVerifier, callbackUrl, browser: digest(browser) }
    url.searchParams.set('state', await this.#pending.put(pending))
    return url.href
  }

  /** The browser is back. Errors: 400 `invalid_state`, and those of an exchange. */
  async finish(answer: URLSearchParams, browser: string | null): Promise<SignInEnd> {
    const pending = await this.#pending.take(answer.get('state') ?? '')
    if (pending === null || browser === null || digest(browser) !== pending.browser) throw invalidState()
    const { request, at, client, codeVerifier, callbackUrl: redirectUri } = pending
    const server = this.requireServer(request)
    const code = answer.get('code')
    if (code === null) return { request, server, code: null }
    const { authorizationServers, vault, now } = this.#options
    const received = { code, iss: answer.get('iss'), codeVerifier, redirectUri }
    const tokens = await authorizationServers.exchange(server, at, client, received)
    await vault.put(request.owner, server.settings.serverId, {
      kind: 'oauth',
      signedInAt: now(),
      origin: new URL(server.settings.url ?? '').origin,
      issuer: {
        issuer: at.issuer,
        tokenEndpoint: at.metadata.token_endpoint,
        authMethods: at.metadata.token_endpoint_auth_methods_supported ?? null,
        ...client,
        resource: at.resource,
      },
      tokens: { ...tokens, scope: tokens.scope ?? this.#scopeOf(server, request) },
    })
    const { settings: _, state: __, issuer: ___, ...holder } = request
    return { request, server, code: await this.#codes.put(holder) }
  }

  takeCode(code: string): Promise<CodeHolder | null> {
    return this.#codes.take(code)
  }

  /** Errors: 404 `server_not_found`. */
  requireServer({ serverId, settings }: Pick<SignInRequest, 'serverId' | 'settings'>): McpServer {
    const server = settings === null ? this.#options.findServer(serverId) : temporaryServer(settings)
    if (server !== null) return server
    throw new GatewayError('server_not_found', `There is no tool server ${serverId}.`)
  }

  /** As whom the gateway comes: whom the operator registered, the document it publishes, or a registration of its own. */
  async #introduce(server: McpServer, at: AuthorizationServer, base: string): Promise<IssuerClient> {
    const { clientId, clientSecret } = server.settings.oauth
    if (clientId !== null) return { clientId, clientSecret }
    const takesDocuments = at.metadata['client_id_metadata_document_supported'] === true
    if (takesDocuments && base.startsWith('https:'))
      return { clientId: base + clientDocumentPath, clientSecret: null }
    const { store, vault, authorizationServers } = this.#options
    const { serverId } = server.settings
    const sealed = await store.findIssuerClient(serverId, at.issuer)
    const known = sealed === null ? null : vault.openIssuerClient(serverId, at.issuer, sealed)
    // What was registered is for the gateway at that address alone.
    if (known !== null && known.base === base) return known
    const client = await authorizationServers.register(server, at, base + callbackPath)
    const secret = vault.sealIssuerClient(serverId, at.issuer, { ...client, base })
    await store.putIssuerClient(serverId, at.issuer, secret)
    return client
  }

  #scopeOf(server: McpServer, { scope }: SignInRequest): string | null {
    const asked = scope?.split(' ') ?? []
    const scopes = new Set([...this.#options.accounts.scopesOf(server), ...asked])
    return scopes.size === 0 ? null : [...scopes].join(' ')
  }
}

function temporaryServer(settings: McpServerSettings): McpServer {
  const stamps = { createdAt: null, createdBy: null, updatedAt: null, updatedBy: null }
  return { settings, source: 'database', revision: 'session', ...stamps }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function invalidState(): GatewayError {
  return new GatewayError(
    'invalid_state',
    'This sign-in is unknown, over, or was begun in another browser. Begin again.',
  )
}
