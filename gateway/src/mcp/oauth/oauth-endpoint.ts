import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { readBody } from '../../http/read-body.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { isSignedInTo } from '../accounts/accounts.ts'
import { ownerOf } from '../accounts/credential.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import { mcpDisabled } from '../mcp-plane.ts'
import { publicBase } from '../native/public-base.ts'
import { serverNotFound } from '../registry/mcp-registry.ts'
import type { McpRoutesDependencies } from '../rest/mcp-endpoint.ts'
import { isNameOf, type McpServer } from '../server.ts'

const maxFormBytes = 65_536

export interface OAuthRequest {
  readonly exchange: Exchange
  readonly params: Readonly<Record<string, string>>
  readonly gateway: McpGateway
  /** Where clients reach the gateway, without a slash at the end. */
  readonly base: string
}

/** A route of signing in. It asks for a credential itself, where it needs one. */
export function oauthRoute(
  { mcp }: McpRoutesDependencies,
  method: Method,
  template: string,
  handle: (request: OAuthRequest) => void | Promise<void>,
): Route<Endpoint> {
  return {
    ...{ method, template, auth: 'public', aliased: false },
    handler: {
      errors: 'control',
      handle: async (exchange, params) => {
        requireOAuth(mcp.config().mcp)
        const gateway = await mcp.requireGateway()
        const base = publicBase(exchange, mcp.config().server)
        try {
          await handle({ exchange, params, gateway, base })
        } catch (error) {
          if (!(error instanceof OAuthRefusal)) throw error
          error.send(exchange)
        }
      },
    },
  }
}

/** A refusal in the words of RFC 6749: clients of OAuth read `error`, everybody else `detail`. */
export class OAuthRefusal extends GatewayError {
  readonly #word: string

  constructor(word: string, message: string) {
    super('token_exchange_failed', message)
    this.#word = word
  }

  send(exchange: Exchange): void {
    const detail = { error: this.code, message: this.message, request_id: exchange.requestId }
    const body = { error: this.#word, error_description: this.message, detail }
    exchange.sendJson(this.status, body, ['cache-control', 'no-store', 'x-routeiq-error-origin', this.origin])
  }
}

/** Errors: 404. */
export function requireOAuth(config: { readonly enabled: boolean; readonly oauthEnabled: boolean }): void {
  if (!config.enabled) throw mcpDisabled()
  if (!config.oauthEnabled)
    throw new GatewayError('feature_disabled', 'Signing in to tool servers is off (MCP_OAUTH_ENABLED).')
}

/** The server of an id or alias that people sign in to. Errors: 404 `server_not_found`. */
export function requireSignIn(gateway: McpGateway, name = ''): McpServer {
  const server = gateway.registry.servers.find((one) => isNameOf(one, name))
  if (server === undefined || !isSignedInTo(server)) throw serverNotFound(name)
  return server
}

/** Whose account it will be. */
export function holderOf(caller: Caller): { readonly keyHash: string; readonly owner: string } {
  const owner = ownerOf(caller)
  if (owner === null || caller.keyHash === null)
    throw new GatewayError('invalid_api_key', 'Authentication Error, No api key passed in.')
  return { keyHash: caller.keyHash, owner }
}

/** Errors: 415 for what is no form, 413. */
export async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(exchange.header('content-type') ?? ''))
    throw new GatewayError(
      'unsupported_media_type',
      'Content-Type must be application/x-www-form-urlencoded.',
    )
  return new URLSearchParams((await readBody(exchange.request, maxFormBytes)).toString('utf8'))
}

export function redirect(exchange: Exchange, url: string, headers: readonly string[] = []): void {
  exchange.sendBytes(302, ['location', url, 'cache-control', 'no-store', ...headers], Buffer.alloc(0))
}
