import { readFileSync } from 'node:fs'
import {
  Client,
  type ClientOptions,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

let server: ToolServer
let gateway: Gateway
let key = ''

beforeAll(async () => {
  server = await startToolServer('sessions')
  gateway = await startGateway({
    config: {
      mcp_servers: { here: { url: server.url, transport: 'http' } },
      // A request that is passed on is still judged by where it came from.
      general_settings: { allowed_ips: ['127.0.0.1'] },
      routeiq: { mcp: { sync_interval: 1 } },
    },
    workers: 2,
  })
  key = (await gateway.createKey()).key
  await waitUntil('both workers know the tools', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => call(gateway.url, '/v1/mcp/tools', { key })),
    )
    return answers.every((answer) => answer.json().tools.length > 0)
  })
})
afterAll(async () => {
  await gateway?.stop()
  server?.stop()
})

/** A client whose requests go over connections of their own while it makes several at a time, and so to both workers. */
async function connect(era: 'legacy' | 'modern', options: ClientOptions = {}): Promise<Client> {
  const mode = era === 'modern' ? { pin: '2026-07-28' } : era
  const client = new Client({ name: 'test', version: '1' }, { ...options, versionNegotiation: { mode } })
  const requestInit = { headers: { authorization: `Bearer ${key}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/here`), { requestInit }))
  return client
}

function workerPids(): number[] {
  const children = readFileSync(`/proc/${gateway.pid}/task/${gateway.pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? ''
const times = <Result>(count: number, work: () => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, work))

describe('a session whose requests reach both workers', () => {
  it('is one session, here and at its server', async () => {
    const client = await connect('legacy')
    const counts = await times(12, async () => Number(textOf(await client.callTool({ name: 'count' }))))
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1))
    await client.close()
  })

  it.each(['legacy', 'modern'] as const)(
    'is asked something in the middle of calls in the %s era',
    async (era) => {
      const client = await connect(era, { capabilities: { elicitation: {} } })
      client.setRequestHandler('elicitation/create', () => ({
        action: 'accept',
        content: { username: 'ann' },
      }))
      // No more than may wait in one process, should chance send them all to the same one.
      const ask = async () => textOf(await client.callTool({ name: 'test_elicitation' }))
      const said = [...(await times(5, ask)), ...(await times(5, ask))]
      for (const text of said) expect(text).toContain('"username":"ann"')
      await client.close()
    },
  )

  it('ends everywhere', async () => {
    const accept = { accept: 'application/json, text/event-stream' }
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    }
    const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params }
    const begun = await call(gateway.url, '/mcp/here', { key, headers: accept, body })
    const headers = { ...accept, 'mcp-session-id': String(begun.headers['mcp-session-id']) }
    const ping = () => call(gateway.url, '/mcp/here', { key, headers, body: { ...body, method: 'ping' } })
    expect((await times(6, ping)).map(({ status }) => status)).toEqual(Array(6).fill(200))
    const stranger = await gateway.createKey()
    const foreign = await times(4, () => call(gateway.url, '/mcp/here', { key: stranger.key, headers, body }))
    expect(foreign.map(({ status }) => status)).toEqual(Array(4).fill(404))
    expect((await call(gateway.url, '/mcp/here', { key, method: 'DELETE', headers })).status).toBe(200)
    expect((await times(6, ping)).map(({ status }) => status)).toEqual(Array(6).fill(404))
    for (const id of ['7~x', 'nobody~x', '../../x~y', '1~x'])
      expect(
        (await call(gateway.url, '/mcp/here', { key, headers: { ...headers, 'mcp-session-id': id }, body }))
          .status,
      ).toBe(404)
  })

  it('of the old transport takes messages at both', async () => {
    const headers = { authorization: `Bearer ${key}` }
    const withKey = (url: string | URL, init?: RequestInit) =>
      fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers } })
    const client = new Client({ name: 'old', version: '1' })
    await client.connect(
      new SSEClientTransport(new URL(`${gateway.url}/mcp/sse`), {
        requestInit: { headers },
        eventSourceInit: { fetch: withKey },
      }),
    )
    const said = await times(8, async () =>
      textOf(await client.callTool({ name: 'here-echo', arguments: { text: 'old' } })),
    )
    expect(said).toEqual(Array(8).fill('old'))
    await client.close()
  })
})

it('workers know of one registration, and of its end', async () => {
  const ids = async (): Promise<string[]> => {
    const answers = await times(6, () => call(gateway.url, '/v1/mcp/server', { key: gateway.masterKey }))
    return answers.map((answer) =>
      answer
        .json()
        .map((one: { server_id: string }) => one.server_id)
        .join(),
    )
  }
  const everywhere = (expected: string) =>
    waitUntil(expected, async () => (await ids()).every((seen) => seen === expected))
  const body = { server_id: 'new', name: 'new', url: 'https://example.com/mcp' }
  await call(gateway.url, '/v1/mcp/server', { key: gateway.masterKey, body })
  await everywhere('here,new')
  await call(gateway.url, '/v1/mcp/server/new', { key: gateway.masterKey, method: 'DELETE' })
  await everywhere('here')
})

it('a session ends with its worker, and nobody is warned of anything', async () => {
  const client = await connect('legacy')
  const before = workerPids()
  for (const pid of before) process.kill(pid, 'SIGKILL')
  await waitUntil('there are new workers', () => {
    const now = workerPids()
    return now.length === 2 && now.every((pid) => !before.includes(pid))
  })
  await waitUntil('new workers answer', async () => {
    const answer = await call(gateway.url, '/v1/mcp/tools', { key }).catch(() => null)
    return answer?.status === 200 && answer.json().tools.length > 0
  })
  await expect(client.callTool({ name: 'count' })).rejects.toThrow('Session not found')
  expect(gateway.stderr()).not.toContain('MaxListenersExceeded')
})
