import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'
import type { Route } from '../../http/router.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import { requireKnownOrigin } from './check-origin.ts'
import { type NativeRoutesDependencies, readMessage, requirePrincipal } from './native-routes.ts'

/** The transport before streamable HTTP, for clients that know no other. */
export function sseRoutes(deps: NativeRoutesDependencies): Route<Endpoint>[] {
  const route = { auth: 'user', aliased: false } as const
  const open = (template: string): Route<Endpoint> => ({
    ...{ ...route, method: 'GET', template },
    handler: { errors: 'control', handle: (exchange) => openStream(deps, exchange) },
  })
  const post = (template: string): Route<Endpoint> => ({
    ...{ ...route, method: 'POST', template },
    handler: { errors: 'control', handle: (exchange) => postMessage(deps, exchange) },
  })
  return [
    ...['/mcp/sse', '/sse'].map(open),
    ...['/mcp/messages', '/mcp/sse/messages'].map(post),
    {
      ...{ method: 'GET', template: '/mcp/sse/sessions', auth: 'admin', aliased: false },
      handler: {
        errors: 'control',
        handle: async (exchange) => {
          await authenticate(deps.identity, exchange, 'admin')
          const sessions = (await requireGateway(deps)).endpoint.listSse()
          exchange.sendJson(200, { sessions, count: sessions.length })
        },
      },
    },
  ]
}

async function openStream(deps: NativeRoutesDependencies, exchange: Exchange): Promise<void> {
  const config = deps.mcp.config()
  requireKnownOrigin(exchange, config)
  const caller = requirePrincipal(await authenticate(deps.identity, exchange, 'user'))
  const gateway = await requireGateway(deps)
  if (config.mcp.sse.isLegacy)
    throw new GatewayError('sse_legacy_mode', 'There is no stream here (MCP_SSE_LEGACY_MODE); use /mcp.')
  if (!/text\/event-stream|\*\/\*/.test(exchange.header('accept') ?? '*/*'))
    throw new GatewayError('invalid_request', 'Accept must include text/event-stream.', { status: 406 })
  if (!(await gateway.endpoint.openSse(exchange, caller, config.server.rootPath)))
    throw new GatewayError('over_capacity', 'Too many streams are open; try again shortly.')
}

async function postMessage(deps: NativeRoutesDependencies, exchange: Exchange): Promise<void> {
  requireKnownOrigin(exchange, deps.mcp.config())
  const caller = requirePrincipal(await authenticate(deps.identity, exchange, 'user'))
  const gateway = await requireGateway(deps)
  const message = await readMessage(exchange)
  if (await gateway.siblings.forward(exchange, message)) return
  const id = queryOf(exchange.target).get('sessionId') ?? ''
  if (!(await gateway.endpoint.receiveSse(caller, id, message)))
    throw new GatewayError('session_not_found', 'There is no such session; open a new stream.')
  exchange.sendJson(202, { status: 'accepted', session_id: id })
}

async function requireGateway({ mcp }: NativeRoutesDependencies) {
  const gateway = await mcp.requireGateway()
  if (!mcp.config().mcp.sse.isEnabled)
    throw new GatewayError(
      'sse_transport_disabled',
      'This transport is off (MCP_SSE_TRANSPORT_ENABLED); use /mcp.',
    )
  return gateway
}
