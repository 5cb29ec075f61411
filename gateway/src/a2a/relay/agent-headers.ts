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
 * The headers of a call to an agent: its own ones win, then who calls where agents are told, then those that the caller
 * may hand on. What the caller authenticates with never leaves.
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
    ...passedOn(agent, exchange),
    ...(exchange.trace === null ? [] : ([['traceparent', exchange.trace.traceparent]] as const)),
    ...meantFor(agent, exchange),
    ...(tellsIdentity ? identityOf(agent, exchange, caller) : []),
  ])
  for (const [name, value] of Object.entries(agent.staticHeaders)) headers.set(name.toLowerCase(), value)
  return [...headers].flat()
}

type Header = [name: string, value: string]

/** What goes on from the caller as it is. */
function passedOn({ extraHeaders }: RemoteAgent, exchange: Exchange): Header[] {
  const names = ['a2a-extensions', 'x-a2a-extensions', 'traceparent', 'tracestate', ...extraHeaders]
  return names.flatMap((written): Header[] => {
    const name = written.toLowerCase()
    const value = exchange.header(name)
    return value === null || never.has(name) ? [] : [[name, value]]
  })
}

/** `x-a2a-{agent}-{name}`: what the caller wants this agent alone to have, which may be a credential for it. */
function meantFor({ name: agentName, agentId }: RemoteAgent, exchange: Exchange): Header[] {
  const { headers } = exchange.request
  const named = Object.keys(headers).filter((name) => name.startsWith('x-a2a-'))
  if (named.length === 0) return []
  const credential = readCredential(headers, null)
  const isOwnKey = (value: string): boolean => credential.kind === 'key' && value.includes(credential.value)
  const prefixes = [agentName, agentId].map((name) => `x-a2a-${name}-`.toLowerCase())
  return named.flatMap((name): Header[] => {
    const value = headers[name]
    const prefix = prefixes.find((candidate) => name.startsWith(candidate))
    const meant = prefix === undefined ? '' : name.slice(prefix.length)
    if (meant === '' || value === undefined || isOwnKey(value)) return []
    return meant === 'authorization' || !never.has(meant) ? [[meant, value]] : []
  })
}

/** Who calls, in the names LiteLLM has for it. */
function identityOf({ agentId }: RemoteAgent, exchange: Exchange, { userId, teamId }: Caller): Header[] {
  const headers: readonly (readonly [name: string, value: string | null])[] = [
    ['x-litellm-trace-id', exchange.header('x-litellm-trace-id') ?? exchange.requestId],
    ['x-litellm-user-id', headerText(userId)],
    ['x-litellm-team-id', headerText(teamId)],
    ['x-litellm-agent-id', agentId],
  ]
  return headers.flatMap(([name, value]): Header[] => (value === null ? [] : [[name, value]]))
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
