import {
  type AuthorizationServerMetadata,
  discoverOAuthServerInfo,
  exchangeAuthorization,
  OAuthError,
  type OAuthTokens,
  refreshAuthorization,
  registerClient,
  selectResourceURL,
  startAuthorization,
} from '@modelcontextprotocol/client'
import { GatewayError } from '@routeiq/contract'
import type { TokenIssuer, TokenSet } from '../accounts/credential.ts'
import type { McpServer } from '../server.ts'
import { EgressRefused, type Fetch } from '../upstream/guarded-fetch.ts'
import { clientMetadata } from './client-metadata.ts'

/** What is known of the server that signs people in to a tool server. Fit to be kept between two requests. */
export interface AuthorizationServer {
  readonly issuer: string
  readonly metadata: AuthorizationServerMetadata
  readonly resource: string
}

/** The gateway as a client there. */
export interface IssuerClient {
  readonly clientId: string
  readonly clientSecret: string | null
}

/** What a tool server said when it refused a call (RFC 6750, RFC 9728). */
export interface Challenge {
  readonly resourceMetadataUrl: string | null
  readonly scope: string | null
  /** The account was known, and had too few rights. */
  readonly isStepUp: boolean
}

export interface AuthorizationServersOptions {
  /** For what is asked about one tool server: its own origin as the server itself, everything else as others' URLs. */
  readonly fetchFor: (server: McpServer) => Fetch
  readonly now: () => number
}

/** The gateway's side of OAuth towards the authorization servers of tool servers. */
export class AuthorizationServers {
  readonly #options: AuthorizationServersOptions

  constructor(options: AuthorizationServersOptions) {
    this.#options = options
  }

  /** By what the server's settings say, else by what it publishes. Errors: 502, 504, 400 `ssrf_blocked`. */
  async discover(server: McpServer, challenge: Challenge | null): Promise<AuthorizationServer> {
    const { oauth, url } = server.settings
    const resource = withoutFragment(url ?? '')
    if (oauth.tokenUrl !== null) {
      const issuer = new URL(oauth.tokenUrl).origin
      return { issuer, metadata: configuredMetadata(server, issuer), resource }
    }
    const resourceMetadataUrl = challenge?.resourceMetadataUrl ?? null
    const info = await this.#ask(server, (fetchFn) =>
      discoverOAuthServerInfo(url ?? '', {
        fetchFn,
        ...(resourceMetadataUrl !== null && { resourceMetadataUrl: new URL(resourceMetadataUrl) }),
      }),
    )
    const { authorizationServerMetadata: metadata, resourceMetadata } = info
    if (metadata === undefined) throw unreachable('It publishes no metadata of its authorization server.')
    const selected = await this.#ask(server, () =>
      selectResourceURL(url ?? '', {} as Parameters<typeof selectResourceURL>[1], resourceMetadata),
    )
    // The resource goes back as it was written: servers compare it byte for byte.
    const named = selected === undefined ? resource : (resourceMetadata?.resource ?? resource)
    return { issuer: metadata.issuer, metadata, resource: named }
  }

  /** Registers the gateway (RFC 7591). Errors: 502 when it may not, 504. */
  async register(server: McpServer, at: AuthorizationServer, redirectUri: string): Promise<IssuerClient> {
    const registered = await this.#ask(server, (fetchFn) =>
      registerClient(at.issuer, {
        metadata: at.metadata,
        clientMetadata: clientMetadata(redirectUri),
        fetchFn,
      }),
    )
    return { clientId: registered.client_id, clientSecret: registered.client_secret ?? null }
  }

  /** Where a browser goes to sign in, and the secret that belongs to it. */
  async start(
    at: AuthorizationServer,
    client: IssuerClient,
    redirectUrl: string,
    scope: string | null,
  ): Promise<{ readonly url: URL; readonly codeVerifier: string }> {
    const { authorizationUrl, codeVerifier } = await startAuthorization(at.issuer, {
      metadata: at.metadata,
      clientInformation: informationOf(client),
      redirectUrl,
      resource: at.resource,
      ...(scope !== null && { scope }),
    }).catch((error: unknown) => {
      throw describeFailure(error)
    })
    return { url: authorizationUrl, codeVerifier }
  }

  /** Exchanges a code. Errors: 400 `token_exchange_failed`, also for an answer of another issuer; 502, 504. */
  exchange(
    server: McpServer,
    at: AuthorizationServer,
    client: IssuerClient,
    answer: {
      readonly code: string
      readonly iss: string | null
      readonly codeVerifier: string
      readonly redirectUri: string
    },
  ): Promise<TokenSet> {
    return this.#tokens(server, (fetchFn) =>
      exchangeAuthorization(at.issuer, {
        metadata: at.metadata,
        clientInformation: informationOf(client),
        authorizationCode: answer.code,
        codeVerifier: answer.codeVerifier,
        redirectUri: answer.redirectUri,
        resource: at.resource,
        // Whoever wrote the endpoints down did not say how their server calls itself.
        ...(answer.iss !== null && server.settings.oauth.tokenUrl === null && { iss: answer.iss }),
        fetchFn,
      }),
    )
  }

  /** Errors: as `exchange`. */
  refresh(server: McpServer, issuer: TokenIssuer, tokens: TokenSet): Promise<TokenSet> {
    const metadata = {
      issuer: issuer.issuer,
      authorization_endpoint: issuer.tokenEndpoint,
      token_endpoint: issuer.tokenEndpoint,
      response_types_supported: ['code'],
      ...(issuer.authMethods !== null && { token_endpoint_auth_methods_supported: [...issuer.authMethods] }),
    }
    return this.#tokens(server, (fetchFn) =>
      refreshAuthorization(issuer.issuer, {
        metadata,
        clientInformation: informationOf(issuer),
        refreshToken: tokens.refreshToken ?? '',
        resource: issuer.resource,
        fetchFn,
      }),
    ).then((renewed) => ({ ...renewed, scope: renewed.scope ?? tokens.scope }))
  }

  /** The gateway's own account (RFC 6749 §4.4). Errors: as `exchange`. */
  async grantToClient(server: McpServer, challenge: Challenge | null): Promise<TokenSet> {
    const { clientId, clientSecret, scopes } = server.settings.oauth
    const at = await this.discover(server, challenge)
    const body = new URLSearchParams({ grant_type: 'client_credentials', resource: at.resource })
    if (scopes.length > 0) body.set('scope', scopes.join(' '))
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    }
    const methods = at.metadata.token_endpoint_auth_methods_supported
    if (methods === undefined || methods.includes('client_secret_basic')) {
      const pair = [clientId ?? '', clientSecret ?? ''].map(encodeURIComponent).join(':')
      headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
    } else {
      body.set('client_id', clientId ?? '')
      body.set('client_secret', clientSecret ?? '')
    }
    return this.#tokens(server, async (fetch) => {
      const answer = await fetch(at.metadata.token_endpoint, { method: 'POST', headers, body })
      const parsed = (await answer.json()) as OAuthTokens & { error?: string }
      if (!answer.ok || typeof parsed.access_token !== 'string')
        throw new OAuthError(parsed.error ?? 'invalid_client', `status ${answer.status}`)
      return parsed
    })
  }

  async #tokens(server: McpServer, ask: (fetch: Fetch) => Promise<OAuthTokens>): Promise<TokenSet> {
    const tokens = await this.#ask(server, ask)
    const obtainedAt = this.#options.now()
    const seconds = Number(tokens.expires_in)
    return {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? null,
      scope: tokens.scope ?? null,
      obtainedAt,
      expiresAt: Number.isFinite(seconds) && seconds > 0 ? obtainedAt + seconds * 1000 : null,
    }
  }

  #ask<Answer>(server: McpServer, ask: (fetch: Fetch) => Promise<Answer>): Promise<Answer> {
    return ask(this.#options.fetchFor(server)).catch((error: unknown) => {
      throw describeFailure(error)
    })
  }
}

function configuredMetadata({ settings }: McpServer, issuer: string): AuthorizationServerMetadata {
  const { authorizationUrl, tokenUrl, registrationUrl } = settings.oauth
  return {
    issuer,
    authorization_endpoint: authorizationUrl ?? new URL('/authorize', issuer).href,
    token_endpoint: tokenUrl ?? new URL('/token', issuer).href,
    response_types_supported: ['code'],
    ...(registrationUrl !== null && { registration_endpoint: registrationUrl }),
  }
}

function informationOf({ clientId, clientSecret }: IssuerClient) {
  return { client_id: clientId, ...(clientSecret !== null && { client_secret: clientSecret }) }
}

function withoutFragment(url: string): string {
  const parsed = new URL(url)
  parsed.hash = ''
  return parsed.href
}

/** What went wrong, without a word of what the other side wrote: it may hold anything. */
function describeFailure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof OAuthError)
    return new GatewayError(
      'token_exchange_failed',
      `The authorization server of the tool server refused: ${plainCode(error.code)}.`,
      { cause: error },
    )
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof EgressRefused) return new GatewayError('ssrf_blocked', at.message)
    if (at.name === 'TimeoutError')
      return new GatewayError('timeout', 'The authorization server did not answer in time.', { status: 504 })
    if (at.name === 'IssuerMismatchError')
      return new GatewayError('token_exchange_failed', 'The answer came from another authorization server.')
  }
  return unreachable('Its authorization server could not be reached, or answers something else.', error)
}

function unreachable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_connection_error', `The tool server cannot be signed in to. ${message}`, {
    status: 502,
    cause,
  })
}

function plainCode(code: string): string {
  return /^[a-z_]{1,40}$/.test(code) ? code : 'error'
}
