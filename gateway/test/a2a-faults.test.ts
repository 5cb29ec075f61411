import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTcpRelay, type TcpRelay } from '../src/storage/testing/tcp-relay.ts'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'

const { databaseUrl } = await findTestServices()

interface OddServer {
  readonly url: string
  readonly paths: string[]
  close(): void
}

/** What an odd server answers a request for its card with, by the first segment of the path. */
const cards: Readonly<Record<string, string>> = {
  half: '{"name": "half',
  mistyped: JSON.stringify({
    ...{ name: 'mistyped', skills: 'all', version: 5, capabilities: [], url: 7, additionalInterfaces: {} },
    ...{ supportedInterfaces: [null, 'x', { url: 'no address', protocolBinding: 'JSONRPC' }], novelty: 1 },
  }),
}

/** A server of 0.3 that answers every message, gives odd cards and moves what it is asked elsewhere. */
async function startOddServer(elsewhere: string): Promise<OddServer> {
  const paths: string[] = []
  const moves: Readonly<Record<string, readonly [number, string]>> = {
    '/moved': [307, '/moved/'],
    '/relative': [308, 'relative/there'],
    '/away': [307, `${elsewhere}/secret`],
    '/metadata': [308, 'http://169.254.169.254/latest'],
    '/circle': [307, '/circle'],
    '/found': [302, '/found/'],
    '/nowhere': [307, 'http://['],
  }
  const server = http.createServer(async (request, response) => {
    const path = request.url ?? ''
    paths.push(path)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const [, first = ''] = path.split('/')
    if (request.method === 'GET' && first === 'lured') {
      response.writeHead(302, { location: `${elsewhere}/secret` }).end()
      return
    }
    if (request.method === 'GET') {
      response.writeHead(first in cards ? 200 : 404).end(cards[first])
      return
    }
    const move = moves[path]
    if (move !== undefined) {
      response.writeHead(move[0], { location: move[1] }).end()
      return
    }
    const { id } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const result = { kind: 'message', messageId: 'm', role: 'agent', parts: [{ kind: 'text', text: path }] }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

let gateway: Gateway
let odd: OddServer
let neighbour: OddServer
let user: IssuedKey

beforeAll(async () => {
  neighbour = await startOddServer('')
  odd = await startOddServer(neighbour.url)
  const names = [...Object.keys(cards), 'lured', 'moved', 'relative', 'away', 'metadata', 'circle', 'found']
  const agents = [...names, 'nowhere'].map((name) => ({ agent_name: name, url: `${odd.url}/${name}` }))
  const leftOut = { agent_name: 'mistaken', url: odd.url, static_headers: { 'x-number': 5 } }
  const unguarded = { agent_name: 'unguarded', url: odd.url, litellm_params: { guardrails: ['pii'] } }
  gateway = await startGateway({ config: { agent_list: [...agents, leftOut, unguarded] } })
  user = await gateway.createKey({})
})
afterAll(async () => {
  await gateway?.stop()
  odd?.close()
  neighbour?.close()
})

const send = async (agent: string) => {
  const message = { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }
  const body = { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message } }
  return (await call(gateway.url, `/a2a/${agent}`, { key: user.key, body })).json()
}
const textOf = ({ result }: Awaited<ReturnType<typeof send>>): string => result?.parts[0].text

describe('an invalid card', () => {
  it.each(Object.keys(cards))('(%s) keeps nobody from calling the agent', async (name) => {
    expect(textOf(await send(name))).toBe(`/${name}`)
    const card = await call(gateway.url, `/a2a/agents/${name}/card`, { key: user.key })
    expect(card.json()).toMatchObject({
      name,
      skills: [],
      version: '1.0.0',
      capabilities: expect.any(Object),
    })
    expect(card.json().url).toBe(`${gateway.url}/a2a/${name}`)
    const shown = await call(gateway.url, `/a2a/agents/${name}?verify=true`, { key: gateway.masterKey })
    expect(shown.json().verification.has_card).toBe(name === 'mistyped')
  })

  it('is not looked for at another server', async () => {
    expect(textOf(await send('lured'))).toBe('/lured')
    expect(neighbour.paths).toEqual([])
  })
})

describe('a redirected call', () => {
  it.each([
    ['moved', '/moved/'],
    ['relative', '/relative/there'],
  ])('(%s) goes on at the same server', async (agent, path) => {
    expect(textOf(await send(agent))).toBe(path)
  })

  it.each([
    ['away', 'another server'],
    ['metadata', 'another server'],
    ['nowhere', 'another server'],
    ['circle', 'too often'],
    ['found', 'not followed'],
  ])('(%s) ends with an error', async (agent, reason) => {
    const { error } = await send(agent)
    expect(error).toMatchObject({ code: -32603, data: { reason: 'UPSTREAM_ERROR' } })
    expect(error.message).toContain(reason)
    expect(error.message).not.toMatch(/127\.0\.0\.1|169\.254/)
    expect(neighbour.paths).toEqual([])
  })
})

it('says of the configuration which agent is left out, and whose messages pass unchecked', () => {
  expect(gateway.stdout()).toMatch(/"mistaken","event":"a2a_agent_left_out".*static_headers\.x-number/)
  expect(gateway.stdout() + gateway.stderr()).toMatch(/guardrails of agents.*unguarded/)
})

describe.skipIf(databaseUrl === null)('while the database is away', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let relay: TcpRelay
  let alone: Gateway

  beforeAll(async () => {
    database = await createPostgresDatabase(databaseUrl ?? '')
    relay = await openTcpRelay(database.url)
    const config = { agent_list: [{ agent_name: 'moved', url: `${odd.url}/moved` }] }
    alone = await startGateway({ config, env: { DATABASE_URL: relay.url } })
  })
  afterAll(async () => {
    await alone?.stop()
    await relay?.close()
    await database?.drop()
  })

  it('agents can be called and not be changed', async () => {
    const key = alone.masterKey
    const body = { agent_name: 'new', url: 'https://agent.example.org/' }
    const { agent_id } = (await call(alone.url, '/a2a/agents', { key, body })).json()
    relay.cut()
    const path = `/a2a/agents/${agent_id}`
    const more = { ...body, agent_name: 'newer' }
    for (const answer of [
      await call(alone.url, '/a2a/agents', { key, body: more }),
      await call(alone.url, path, { key, method: 'PUT', body: more }),
      await call(alone.url, path, { key, method: 'DELETE' }),
      await call(alone.url, '/v1/agents', { key, body: more }),
    ]) {
      expect([answer.status, answer.headers['retry-after']]).toEqual([500, '1'])
      expect(answer.json().detail).toMatchObject({
        error: 'agent_registry_unavailable',
        message: expect.stringContaining('try again'),
        request_id: expect.any(String),
      })
    }
    const listed = (await call(alone.url, '/a2a/agents', { key })).json().agents
    expect(listed.map((agent: { agent_name: string }) => agent.agent_name)).toEqual(['moved', 'new'])
    const message = { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }
    const rpc = { jsonrpc: '2.0', id: 1, method: 'message/send', params: { message } }
    expect(textOf((await call(alone.url, '/a2a/moved', { key, body: rpc })).json())).toBe('/moved/')
    relay.restore()
  })
})
