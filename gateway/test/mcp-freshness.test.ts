import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, respond, startRawServer, tool } from './mcp-servers/raw-server.ts'

let servers: RawServer[] = []
let gateway: Gateway
let key = ''

/** A server without a handshake whose lists may be kept for so long. */
function serveHints(server: RawServer, ttlMs: number): void {
  const answer = (method: string, result: object) =>
    server.on(method, (message, response) =>
      respond(response, message, { resultType: 'complete', ttlMs, cacheScope: 'public', ...result }),
    )
  const serverInfo = { name: 'hints', version: '1' }
  answer('server/discover', { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, serverInfo })
  answer('tools/list', { tools: [tool('one'), tool('two')] })
}

beforeAll(async () => {
  servers = await Promise.all([startRawServer(), startRawServer(), startRawServer()])
  const [long, short, old] = servers as [RawServer, RawServer, RawServer]
  serveHints(long, 3_600_000)
  serveHints(short, 5_000)
  const entry = (server: RawServer, group: string) => ({
    ...{ url: server.url, transport: 'http', access_groups: [group] },
  })
  gateway = await startGateway({
    config: {
      mcp_servers: { long: entry(long, 'new'), short: entry(short, 'new'), old: entry(old, 'all') },
      routeiq: { mcp: { tools_page_size: 1 } },
    },
  })
  key = (await gateway.createKey({ object_permission: { mcp_access_groups: ['new', 'all'] } })).key
  await waitUntil('the servers have answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key: gateway.masterKey })
    return answer.json().summary.healthy === 3
  })
})
afterAll(async () => {
  await gateway?.stop()
  for (const server of servers) server.close()
})

const list = async (path: string, params: object = {}) => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const answer = await call(gateway.url, path, {
    key,
    headers: {
      ...{ accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28' },
      'mcp-method': 'tools/list',
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { ...params, _meta } },
  })
  return answer.json().result
}

it('a list may be kept as long as every server says, a minute at most, and by its caller alone', async () => {
  expect(await list('/mcp/long')).toMatchObject({ ttlMs: 60_000, cacheScope: 'private' })
  expect(await list('/mcp/short')).toMatchObject({ ttlMs: 5_000, cacheScope: 'private' })
  const { nextCursor: cursor, ...first } = await list('/mcp/new')
  expect(first).toMatchObject({ ttlMs: 5_000, cacheScope: 'private' })
  expect(await list('/mcp/new', { cursor })).toMatchObject({ ttlMs: 5_000, cacheScope: 'private' })
})

it('a server that says nothing has its lists asked for each time', async () => {
  expect((await list('/mcp/old')).ttlMs).toBe(0)
  expect((await list('/mcp')).ttlMs).toBe(0)
})

it('clients with a handshake are told nothing of it', async () => {
  const answer = await call(gateway.url, '/mcp/long', {
    key,
    headers: { accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
  })
  expect(Object.keys(answer.json().result).sort()).toEqual(['nextCursor', 'tools'])
})
