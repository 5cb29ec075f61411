import { isUtf8 } from 'node:buffer'
import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { ClientGone, readBody } from '../../http/read-body.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { authenticate, authenticateToken, type Identity } from '../../pipeline/authenticate.ts'
import type { McpPlane } from '../mcp-plane.ts'
import { isGatewayToken } from '../oauth/gateway-tokens.ts'
import { isNameOf } from '../server.ts'
import { requireKnownOrigin } from './check-origin.ts'
import { publicBase } from './public-base.ts'
import { findResourceAccess } from './resource-access.ts'

const maxBodyBytes = 4 * 1_048_576
const methods: readonly Method[] = ['POST', 'GET', 'DELETE']
const templates = ['/mcp', '/mcp/{selector}', '/mcp/{selector}/mcp', '/{selector}/mcp']

export interface NativeRoutesDependencies {
  readonly identity: Identity
  readonly mcp: McpPlane
}

/** The endpoint for clients of the protocol: every tool server behind one URL, or a selection of them. */
export function nativeRoutes(deps: NativeRoutesDependencies): Route<Endpoint>[] {
  return templates.flatMap((template) =>
    methods.map((method) => ({
      method,
      template,
      auth: 'user' as const,
      aliased: false,
      handler: { errors: 'control' as const, handle: (exchange, params) => handle(deps, exchange, params) },
    })),
  )
}

async function handle(
  { identity, mcp }: NativeRoutesDependencies,
  exchange: Exchange,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  const selector = params['selector'] ?? null
  const config = mcp.config()
  try {
    requireKnownOrigin(exchange, config)
    const token = gatewayTokenOf(exchange)
    const caller =
      token === null
        ? requirePrincipal(await authenticate(identity, exchange, 'user'))
        : await authenticateSignedIn({ identity, mcp }, exchange, token, selector)
    const gateway = await mcp.requireGateway()
    const body = exchange.request.method === 'POST' ? await readMessage(exchange) : undefined
    if (await gateway.siblings.forward(exchange, body)) return
    const selection = { selector, narrowed: exchange.header('x-mcp-servers') }
    if (selector !== null && gateway.views.find(caller, selection) === null)
      throw new GatewayError('server_not_found', `There is no tool server or access group ${selector}.`)
    await gateway.endpoint.serve(exchange, caller, selection, body)
  } catch (error) {
    if (error instanceof ClientGone) throw error
    // What a plugin answers is sent as it is.
    if (!(error instanceof GatewayError) || error.code === 'blocked_by_plugin') throw error
    const challenge = error.status === 401 ? await challengeOf(exchange, mcp, selector) : null
    sendRpcError(exchange, error, challenge)
  }
}

function gatewayTokenOf(exchange: Exchange): string | null {
  const token = /^bearer\s+(\S+)$/i.exec(exchange.header('authorization') ?? '')?.[1]
  return token !== undefined && isGatewayToken(token) ? token : null
}

/** Tokens that clients got by signing in are for one server. Errors: 401 `invalid_api_key`, also for another server. */
async function authenticateSignedIn(
  { identity, mcp }: NativeRoutesDependencies,
  exchange: Exchange,
  token: string,
  selector: string | null,
): Promise<Caller> {
  const { oauth, registry } = await mcp.requireGateway()
  const grant = mcp.config().mcp.oauthEnabled ? await oauth.tokens.find(token) : null
  const server = grant === null ? null : registry.find(grant.serverId)
  if (grant === null || server === null || selector === null || !isNameOf(server, selector))
    throw new GatewayError('invalid_api_key', 'This token is over, or not for this address. Sign in again.')
  return authenticateToken(identity, exchange, grant.keyHash)
}

/** Tools are never served to nobody. */
export function requirePrincipal(caller: Caller): Caller {
  if (caller.kind !== 'anonymous') return caller
  throw new GatewayError('invalid_api_key', 'Authentication Error, No api key passed in.')
}

/** Errors: 400, 413 or 415 for what is no message. */
export async function readMessage(exchange: Exchange): Promise<unknown> {
  const type = exchange.header('content-type') ?? ''
  if (!/^application\/json\b/i.test(type))
    throw new GatewayError('unsupported_media_type', 'Content-Type must be application/json.')
  const bytes = await readBody(exchange.request, maxBodyBytes)
  try {
    if (!isUtf8(bytes)) throw new Error('not UTF-8')
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    throw new GatewayError('invalid_json', 'Parse error: the request body is not valid JSON')
  }
}

const rpcCodes: Readonly<Record<string, number>> = { invalid_json: -32_700, request_too_large: -32_600 }

/** Refusals of the gateway itself, in the form clients of the protocol read. */
function sendRpcError(exchange: Exchange, error: GatewayError, challenge: string | null): void {
  const code = rpcCodes[error.code] ?? -32_000
  const body = {
    jsonrpc: '2.0',
    id: null,
    error: { code, message: error.message, data: { code: error.code, request_id: exchange.requestId } },
  }
  const { retryAfterSeconds } = error.options
  exchange.sendJson(error.status, body, [
    ...['x-routeiq-error-origin', error.origin],
    ...(challenge === null ? [] : ['www-authenticate', challenge]),
    ...(retryAfterSeconds === undefined ? [] : ['retry-after', String(retryAfterSeconds)]),
  ])
}

/** Where a client learns how to get a credential (RFC 9728), and in the older way where it can sign in. */
async function challengeOf(exchange: Exchange, mcp: McpPlane, selector: string | null): Promise<string> {
  const { server } = mcp.config()
  const base = publicBase(exchange, server)
  const path = exchange.target.slice(server.rootPath.length).replace(/\?.*$/s, '')
  const challenge = `Bearer resource_metadata="${base}/.well-known/oauth-protected-resource${path}"`
  const access = await findResourceAccess(mcp, selector).catch(() => null)
  if (access === null) return challenge
  const { scopes, hasSignIn } = access
  const signIn = `${base}/.well-known/oauth-authorization-server/${encodeURIComponent(selector ?? '')}`
  return `${challenge}, scope="${scopes.join(' ')}"${hasSignIn ? `, authorization_uri="${signIn}"` : ''}`
}
