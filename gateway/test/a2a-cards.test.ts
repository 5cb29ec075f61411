import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { AgentCard, generateAgentCardSignature, verifyAgentCardSignature } from '@a2a-js/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let gateway: Gateway
let alice: IssuedKey
let agent: ScriptedAgent
let signing: ScriptedAgent
let odd: http.Server

/** Members of the cards of the two agents, which the tests change. */
const card: Record<string, unknown> = {}
const signedCard: Record<string, unknown> = {}

const [owner, stranger] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' })) as [
  ReturnType<typeof newKey>,
  ReturnType<typeof newKey>,
]
function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
const publicKey = ({ publicKey: key }: ReturnType<typeof newKey>): JsonWebKey => ({
  ...key.export({ format: 'jwk' }),
  kid: 'k',
})

/** What stands at the place of a card, by the first segment of the path. */
const oddCards: Record<string, (response: http.ServerResponse) => void> = {
  html: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>no card'),
  list: (response) => response.writeHead(200).end('[]'),
  nameless: (response) => response.writeHead(200).end('{}'),
  huge: (response) => response.writeHead(200).end(JSON.stringify({ name: 'x'.repeat(1_100_000) })),
  private: (response) => response.writeHead(302, { location: 'http://169.254.169.254/card' }).end(),
  silent: (response) => response.destroy(),
}

const notThere = (response: http.ServerResponse) => response.writeHead(404).end()

const agentList = () => {
  const { port } = odd.address() as AddressInfo
  return [
    { agent_name: 'plain', url: agent.url },
    { agent_name: 'trusted', url: signing.url, litellm_params: { card_keys: [publicKey(owner)] } },
    {
      agent_name: 'impostor',
      url: signing.url,
      litellm_params: { card_keys: { keys: [publicKey(stranger)] } },
    },
    ...Object.keys(oddCards).map((agent_name) => ({
      ...{ agent_name, url: `http://127.0.0.1:${port}/${agent_name}`, capabilities: ['chat'] },
      description: 'Registered',
    })),
  ]
}

beforeAll(async () => {
  agent = await startScriptedAgent('1.0', card)
  signing = await startScriptedAgent('1.0', signedCard)
  odd = http.createServer((request, response) => {
    const [, name = ''] = (request.url ?? '').split('/')
    if (request.method === 'GET') (oddCards[name] ?? notThere)(response)
    else
      request.resume().once('end', () => {
        const message = {
          messageId: 'r',
          role: 'agent',
          kind: 'message',
          parts: [{ kind: 'text', text: 'Here' }],
        }
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: message }))
      })
  })
  odd.listen(0, '127.0.0.1')
  await once(odd, 'listening')
  const whole = (await (await fetch(`${signing.url}/.well-known/agent-card.json`)).json()) as object
  const sign = generateAgentCardSignature(owner.privateKey, { alg: 'ES256', kid: 'k', typ: 'JOSE' })
  const { signatures } = await sign(AgentCard.fromJSON({ ...whole, signatures: [] }))
  signedCard['signatures'] = signatures
  gateway = await startGateway({
    config: { agent_list: agentList(), routeiq: { a2a: { pin_cards: true } } },
  })
  alice = await gateway.createKey({ user_id: 'alice' })
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([agent?.close(), signing?.close()])
  odd?.closeAllConnections()
  odd?.close()
})

const readCard = (name: string, version?: string) =>
  call(gateway.url, `/a2a/${name}/.well-known/agent-card.json`, {
    key: alice.key,
    headers: version === undefined ? {} : { 'a2a-version': version },
  })

const rpc = (name: string, method: string, params: object, key = alice.key) =>
  call(gateway.url, `/a2a/${name}`, { key, body: { jsonrpc: '2.0', id: 1, method, params } })

const send = (name: string) =>
  rpc(name, 'SendMessage', { message: { messageId: 'work', role: 'ROLE_USER', parts: [{ text: 'x' }] } })

describe('signatures', () => {
  it('of the gateway are checked by the official client, with the keys it publishes', async () => {
    const { keys } = (await call(gateway.url, '/.well-known/a2a-jwks.json')).json()
    const places: unknown[] = []
    // The client writes what did not fit to the console.
    vi.spyOn(console, 'debug').mockImplementation(() => {})
    const verify = verifyAgentCardSignature(async (kid, jku) => {
      places.push(jku)
      return keys.find((key: { kid: string }) => key.kid === kid)
    })
    for (const version of ['1.0', undefined]) {
      const given = (await readCard('plain', version)).json()
      await verify(given)
      await expect(verify({ ...given, description: 'Changed' })).rejects.toThrow()
    }
    await verify((await call(gateway.url, '/.well-known/agent-card.json')).json())
    expect(new Set(places)).toEqual(new Set([`${gateway.url}/.well-known/a2a-jwks.json`]))
    expect((await readCard('plain', '0.3')).json().signatures).toHaveLength(1)
    expect(JSON.stringify(keys)).not.toContain('"d"')
  })

  it('of the gateway are not given to addresses that nobody but the client names', async () => {
    const path = '/a2a/plain/.well-known/agent-card.json'
    const cardFor = async (host: string) =>
      (await call(gateway.url, path, { key: alice.key, headers: { host } })).json()
    const named = await cardFor('other.example:8443')
    expect([named.url, named.signatures]).toEqual(['http://other.example:8443/a2a/plain', undefined])
    for (const host of ['other.example/path', 'user@other.example'])
      expect((await cardFor(host)).url).toBe(`${gateway.url}/a2a/plain`)
  })

  it('of an agent are wanted where its registration says by which key', async () => {
    expect((await send('trusted')).json().result.task).toBeDefined()
    expect((await readCard('trusted')).status).toBe(200)
    const refused = await send('impostor')
    expect(refused.json().error).toMatchObject({ code: -32603, data: [{ reason: 'AGENT_UNAVAILABLE' }] })
    expect((await readCard('impostor')).status).toBe(503)
    const { verification } = (
      await call(gateway.url, '/a2a/agents/impostor?verify=true', { key: gateway.masterKey })
    ).json()
    expect(verification).toMatchObject({ has_card: false, findings: [expect.stringContaining('card_keys')] })
  })
})

describe('a card that changes', () => {
  const inspect = async () =>
    (await call(gateway.url, '/a2a/agents/plain?verify=true', { key: gateway.masterKey })).json().verification
  const skillsOf = async () => (await readCard('plain')).json().skills.map(({ id }: { id: string }) => id)

  it('does not count where cards are pinned, and is told of', async () => {
    expect(await inspect()).toEqual({ has_card: true, protocol_version: '1.0', findings: [] })
    card['skills'] = [{ id: 'other', name: 'Other', description: '\u202e', tags: [] }]
    await inspect()
    expect(await skillsOf()).toEqual(['chat'])
    await waitUntil('it is told of', () => /a2a\.card\.change.*"quarantined":true/.test(gateway.stdout()))
  })

  it('counts elsewhere', async () => {
    await gateway.reload({ agent_list: agentList() })
    expect((await inspect()).findings).toEqual(['The card has invisible or direction-changing characters.'])
    expect(await skillsOf()).toEqual(['other'])
    await waitUntil('it is told of', () => /a2a\.card\.change.*"quarantined":false/.test(gateway.stdout()))
    expect(gateway.stdout()).toMatch(/"plain","event":"a2a_card_suspicious".*direction-changing/)
  })

  it('is asked for by admins alone', async () => {
    const answer = await call(gateway.url, '/a2a/agents/plain?verify=true', { key: alice.key })
    expect(answer.json()).not.toHaveProperty('verification')
  })
})

it.each(Object.keys(oddCards))('an agent whose card is %s is called all the same', async (name) => {
  const given = (await readCard(name)).json()
  expect(given).toMatchObject({ name, description: 'Registered', skills: [{ id: 'chat' }] })
  expect((await send(name)).json().result.message.parts).toEqual([{ text: 'Here' }])
})

it('gives extended cards to those with a key, rewritten', async () => {
  const none = await rpc('plain', 'GetExtendedAgentCard', {})
  expect(none.json().error.code).toBe(-32007)
  card['capabilities'] = { streaming: true, extendedAgentCard: true }
  await call(gateway.url, '/a2a/agents/plain?verify=true', { key: gateway.masterKey })
  for (const method of ['GetExtendedAgentCard', 'agent/getAuthenticatedExtendedCard']) {
    const { result } = (await rpc('plain', method, {})).json()
    expect(result).toMatchObject({ name: 'plain', extended: 'for those it knows' })
    expect(JSON.stringify(result)).not.toContain(agent.url)
  }
  const rest = await call(gateway.url, '/a2a/plain/extendedAgentCard', { key: alice.key })
  expect(rest.json()).toMatchObject({ name: 'plain', extended: 'for those it knows' })
  expect((await call(gateway.url, '/a2a/plain/extendedAgentCard')).status).toBe(401)
})
