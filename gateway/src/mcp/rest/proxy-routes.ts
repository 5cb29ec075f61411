import { GatewayError } from '@routeiq/contract'
import { credentialHeaders } from '../../config/settings/mcp-server-body.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { readBody } from '../../http/read-body.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import { AuditedRequest } from '../../rest/audited-request.ts'
import { ownerOf } from '../accounts/credential.ts'
import { answerByWeb } from '../native/web-exchange.ts'
import { identityHeaders } from '../upstream/credentials.ts'
import { EgressRefused } from '../upstream/guarded-fetch.ts'
import type { McpRoutesDependencies } from './mcp-endpoint.ts'
import { requireVisible } from './server-routes.ts'

const methods: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE']
const maxBodyBytes = 4 * 1_048_576
const timeoutMs = 120_000
const droppedFromRequests = new Set([
  ...[
    'host',
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ],
  ...['content-length', 'expect', 'accept-encoding', 'forwarded', 'x-forwarded-for'],
])
const droppedFromAnswers = new Set(['set-cookie', 'www-authenticate', 'proxy-authenticate'])

/**
 * `/mcp/{server}/{rest}`: a server's own paths, past names, pins and access, and so for admins. The caller's credentials stay
 * here; the server's own are added.
 */
export function proxyRoutes(deps: McpRoutesDependencies): Route<Endpoint>[] {
  return methods.map((method) => ({
    ...{ method, template: '/mcp/{selector}/{rest+}', auth: 'admin', aliased: false },
    handler: {
      errors: 'control',
      handle: async (exchange, params, route) => {
        const audited = new AuditedRequest(deps.identity.audit, exchange, route, params)
        try {
          await relayRaw(deps, exchange, params, (caller) => audited.admit(caller))
          await audited.answer(200, null)
        } catch (error) {
          audited.fail(error)
          throw error
        }
      },
    },
  }))
}

async function relayRaw(
  { identity, mcp }: McpRoutesDependencies,
  exchange: Exchange,
  params: Readonly<Record<string, string>>,
  admit: (caller: Caller) => Promise<void>,
): Promise<void> {
  const caller = await authenticate(identity, exchange, 'admin', (one) => holdsPermission(one, 'mcp.proxy'))
  await admit(caller)
  const gateway = await mcp.requireGateway()
  if (!mcp.config().mcp.proxyEnabled)
    throw new GatewayError(
      'feature_disabled',
      'Raw access to tool servers is off (MCP_PROTOCOL_PROXY_ENABLED).',
    )
  const server = requireVisible(gateway, caller, params['selector'])
  if (server.settings.url === null)
    throw new GatewayError('invalid_request', 'A server that is a program has no paths.')
  const { method } = exchange.request
  const body = method === 'GET' || method === 'HEAD' ? null : await readBody(exchange.request, maxBodyBytes)
  const onBehalf = { owner: ownerOf(caller), headers: {} }
  const account = await identityHeaders(await gateway.oauth.accounts.identify(server, onBehalf))
  const url = joinTarget(server.settings.url, params['rest'] ?? '', exchange.target)
  const response = await gateway.fetches[server.source](url, {
    method,
    headers: { ...passedOn(exchange), ...account },
    ...(body !== null && body.length > 0 && { body: new Uint8Array(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw describeFailure(error)
  })
  await answerByWeb(exchange, async () => withoutChallenges(response))
}

function describeFailure(error: unknown): GatewayError {
  if (error instanceof EgressRefused) return new GatewayError('ssrf_blocked', error.message)
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  const message = isTimeout ? 'The server did not answer in time.' : 'The server could not be reached.'
  return new GatewayError('upstream_connection_error', message, { status: isTimeout ? 504 : 502 })
}

/** Below the registered address. Segments were decoded once and are encoded again, so none of them climbs. */
function joinTarget(base: string, rest: string, target: string): string {
  const url = new URL(base)
  const segments = rest.split('/').map((segment) => encodeURIComponent(segment))
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${segments.join('/')}`
  const query = target.indexOf('?')
  if (query !== -1) url.search = target.slice(query)
  return url.href
}

function passedOn(exchange: Exchange): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(exchange.request.headers)) {
    if (value === undefined || droppedFromRequests.has(name) || credentialHeaders.has(name)) continue
    headers[name] = value
  }
  return headers
}

/** Everything but what would sign the client in at the server, or ask it to. */
function withoutChallenges(response: Response): Response {
  const headers = new Headers(response.headers)
  for (const name of droppedFromAnswers) headers.delete(name)
  return new Response(response.body, { status: response.status, headers })
}
