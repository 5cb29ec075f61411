import type { Exchange } from '../../http/exchange.ts'
import type { Caller } from '../../identity/caller.ts'
import { readCredential } from '../../identity/credential.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import type { Version } from '../protocol/methods.ts'
import type { AgentCall } from './agent-call.ts'

/** Where callers put credentials and what only concerns this hop; nobody can have them sent on. */
const never = new Set([
  ...['authorization', 'cookie', 'x-litellm-api-key', 'x-api-key', 'api-key', 'x-goog-api-key'],
  ...['x-admin-api-key', 'host', 'content-length', 'content-type', 'connection', 'transfer-encoding'],
])
const hopsHeader = 'x-routeiq-a2a-hops'
export const maxHops = 8

/**
 * The headers of a call to an agent: its own ones win, then those that the caller may hand on. What the caller
 * authenticates with never leaves.
 */
export function buildAgentHeaders(
  { agent, exchange, caller }: Pick<AgentCall, 'agent' | 'exchange' | 'caller'>,
  version: Version,
  tellsIdentity: boolean,
): readonly string[] {
  const headers = new Map<string, string>([
    ['content-type', 'application/json'],
    ['accept', 'application/json, text/event-stream'],
    ['user-agent', 'routeiq'],
    ['a2a-version', version],
    ['x-request-id', exchange.requestId],
    [hopsHeader, String(readHops(exchange) + 1)],
  ])
  for (const name of [
    'a2a-extensions',
    'x-a2a-extensions',
    'traceparent',
    'tracestate',
    ...agent.extraHeaders,
  ]) {
    const value = exchange.header(name.toLowerCase())
    if (value !== null && !never.has(name.toLowerCase())) headers.set(name.toLowerCase(), value)
  }
  if (exchange.trace !== null) headers.set('traceparent', exchange.trace.traceparent)
  const credential = readCredential(exchange.request.headers, null)
  const isOwnKey = (value: string): boolean => credential.kind === 'key' && value.includes(credential.value)
  for (const prefix of [`x-a2a-${agent.name}-`, `x-a2a-${agent.agentId}-`].map((text) =>
    text.toLowerCase(),
  )) {
    for (const [name, value] of Object.entries(exchange.request.headers)) {
      const own = name.startsWith(prefix) ? name.slice(prefix.length) : ''
      if (own === '' || value === undefined || isOwnKey(value)) continue
      if (own === 'authorization' || !never.has(own)) headers.set(own, value)
    }
  }
  if (tellsIdentity) for (const [name, value] of identityOf(agent, exchange, caller)) headers.set(name, value)
  for (const [name, value] of Object.entries(agent.staticHeaders)) headers.set(name.toLowerCase(), value)
  return [...headers].flat()
}

/** Who calls, in the names LiteLLM has for it. */
function identityOf(
  { agentId }: RemoteAgent,
  exchange: Exchange,
  { userId, teamId }: Caller,
): readonly (readonly [name: string, value: string])[] {
  const headers: readonly (readonly [name: string, value: string | null])[] = [
    ['x-litellm-trace-id', exchange.header('x-litellm-trace-id') ?? exchange.requestId],
    ['x-litellm-user-id', headerText(userId)],
    ['x-litellm-team-id', headerText(teamId)],
    ['x-litellm-agent-id', agentId],
  ]
  return headers.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
}

/** Ids are whatever their owners wrote; what fits into no header is left out. */
function headerText(id: string | null): string | null {
  return id !== null && /^[\x21-\x7e]+$/.test(id) ? id : null
}

/** How many gateways a call has come through. */
export function readHops(exchange: Exchange): number {
  const hops = Number(exchange.header(hopsHeader) ?? 0)
  return Number.isInteger(hops) && hops > 0 ? hops : 0
}
