import { createHash } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { JsonRecord } from '../../conversation/json-value.ts'
import { openToPages } from '../../http/cors.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import { queryOf } from '../../http/path.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { authenticate } from '../../pipeline/authenticate.ts'
import type { A2aPlane } from '../a2a-plane.ts'
import { requireAgent } from '../agents/register-agent.ts'
import type { RemoteAgent } from '../agents/remote-agent.ts'
import { requireEnabled } from '../calls/require-enabled.ts'
import { gatewayCard } from './gateway-card.ts'
import { cardForm, frameOf, isCardForm, rewriteCard } from './rewrite-card.ts'
import { cardKeysOf } from './verify-card.ts'

const files = ['agent-card.json', 'agent.json']

/** Cards of agents and of the gateway itself. Those of public agents need no key. */
export function cardRoutes(plane: A2aPlane): Route<Endpoint>[] {
  const route = (template: string, handler: Endpoint): Route<Endpoint> => ({
    method: 'GET',
    template,
    auth: 'public',
    aliased: false,
    handler,
  })
  const ofAgent = cardEndpoint(plane, async (exchange, version, id) => {
    const { agent, isPublic } = await findAgent(plane, exchange, id)
    return { card: await agentCard(plane, exchange, agent, version), isPublic }
  })
  const ofGateway = cardEndpoint(plane, async (exchange, version) => {
    const root = plane.directory.find(plane.settings().rootAgent ?? '')
    if (root !== null) return { card: await agentCard(plane, exchange, root, version), isPublic: true }
    const caller = await callerIfAny(plane, exchange)
    const form = cardForm(version, plane.settings().cardDefault)
    const card = plane.signCard(gatewayCard(plane, exchange, caller, form), plane.base(exchange).url)
    return { card, isPublic: caller === null }
  })
  const keySet: Endpoint = {
    errors: 'control',
    isOpenToPages: true,
    handle: (exchange) => {
      requireEnabled(plane)
      sendCard(exchange, plane.cardKeys, true)
    },
  }
  return [
    route('/.well-known/a2a-jwks.json', keySet),
    route('/a2a/agents/{id}/card', ofAgent),
    // As it was once printed in the documentation.
    route('/a2/a/agents/{id}/card', ofAgent),
    ...files.flatMap((file) => [
      route(`/a2a/{id}/.well-known/${file}`, ofAgent),
      route(`/v1/a2a/{id}/.well-known/${file}`, ofAgent),
      route(`/.well-known/${file}`, ofGateway),
    ]),
  ]
}

interface Found {
  readonly card: JsonRecord
  /** It was given without asking who wants it. */
  readonly isPublic: boolean
}

function cardEndpoint(
  plane: A2aPlane,
  find: (exchange: Exchange, version: string | null, id: string) => Promise<Found>,
): Endpoint {
  return {
    errors: 'control',
    isOpenToPages: true,
    handle: async (exchange, params) => {
      requireEnabled(plane)
      const version = exchange.header('a2a-version') ?? queryOf(exchange.target).get('A2A-Version')
      const { card, isPublic } = await find(exchange, version, params['id'] ?? '')
      sendCard(exchange, card, isPublic)
    },
  }
}

function sendCard(exchange: Exchange, card: JsonRecord, isPublic: boolean): void {
  const body = Buffer.from(JSON.stringify(card))
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
  const headers = ['etag', tag, 'vary', 'A2A-Version, Authorization']
  headers.push('cache-control', isPublic ? 'max-age=300' : 'private, max-age=300')
  if (isPublic) openToPages(exchange.response)
  const known = (exchange.header('if-none-match') ?? '')
    .split(',')
    .map((text) => text.trim().replace(/^W\//, ''))
  if (known.includes(tag) || known.includes('*')) exchange.sendBytes(304, headers, Buffer.alloc(0))
  else exchange.sendBytes(200, ['content-type', 'application/json', ...headers], body)
}

/** Public agents are shown to everybody; who asks for another has to say who it is. */
async function findAgent(
  plane: A2aPlane,
  exchange: Exchange,
  id: string,
): Promise<{ agent: RemoteAgent; isPublic: boolean }> {
  const agent = plane.directory.find(id)
  if (agent?.isPublic === true && agent.isEnabled) return { agent, isPublic: true }
  const caller = await authenticate(plane.identity, exchange, 'user')
  return { agent: requireAgent(plane, id, caller), isPublic: false }
}

async function callerIfAny(plane: A2aPlane, exchange: Exchange): Promise<Caller | null> {
  try {
    return await authenticate(plane.identity, exchange, 'user')
  } catch (error) {
    if (error instanceof GatewayError && error.status === 401) return null
    throw error
  }
}

async function agentCard(
  plane: A2aPlane,
  exchange: Exchange,
  agent: RemoteAgent,
  version: string | null,
): Promise<JsonRecord> {
  const own = agent.params['card_default']
  const form = cardForm(version, isCardForm(own) ? own : plane.settings().cardDefault)
  const { url } = plane.base(exchange)
  const card = await plane.cards.find(agent)
  if (card === null && cardKeysOf(agent) !== null)
    throw new GatewayError('upstream_unavailable', 'The card of this agent is not signed as it must be.')
  return plane.signCard(rewriteCard(agent, card, frameOf(plane, exchange, agent), form), url)
}
