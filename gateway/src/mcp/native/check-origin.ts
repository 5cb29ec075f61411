import { GatewayError } from '@routeiq/contract'
import type { GatewayConfig } from '../../config/config.ts'
import type { Exchange } from '../../http/exchange.ts'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Keeps pages of foreign sites from speaking to `/mcp` through a browser, by DNS rebinding or plainly. A gateway on a
 * loopback address is only addressed by loopback names and those that were allowed; an `Origin` must be on the list.
 * Errors: 403 `permission_denied`.
 */
export function requireKnownOrigin(exchange: Exchange, { server, mcp }: GatewayConfig): void {
  const ownHost = server.publicUrl === null ? null : hostnameOf(server.publicUrl)
  const isLocal = loopback.has(server.host) || server.host === '::1'
  const isHostChecked = isLocal || mcp.allowedHosts.length > 0
  const host = hostnameOf(`http://${exchange.header('host') ?? ''}`)
  const isKnownHost =
    host !== null && (loopback.has(host) || host === ownHost || mcp.allowedHosts.includes(host))
  if (isHostChecked && !isKnownHost)
    throw new GatewayError('permission_denied', 'Invalid Host. Add it to routeiq.mcp.allowed_hosts.')
  const origin = exchange.header('origin')
  if (origin === null || origin === '') return
  const name = hostnameOf(origin)
  const isKnown =
    [...mcp.allowedOrigins, ...server.corsOrigins].includes(origin) ||
    (name !== null && (name === ownHost || (isLocal && loopback.has(name))))
  if (!isKnown)
    throw new GatewayError('permission_denied', 'Invalid Origin. Add it to routeiq.mcp.allowed_origins.')
}

function hostnameOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null
}
