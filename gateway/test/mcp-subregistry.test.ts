import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, startRawServer } from './mcp-servers/raw-server.ts'

let raw: RawServer
let gateway: Gateway
let key: IssuedKey
const config = (registry: object = {}) => ({
  mcp_servers: {
    here: { url: raw.url, transport: 'http', description: 'The one in the file' },
    other: { url: raw.url, transport: 'http', is_public: true },
    hidden: { url: raw.url, transport: 'http', access_groups: ['closed'] },
  },
  routeiq: { mcp: { registry: { namespace: 'com.example', ...registry } } },
})

beforeAll(async () => {
  raw = await startRawServer()
  gateway = await startGateway({ config: config(), env: { LITELLM_JSON_LOGS: 'true' } })
  key = await gateway.createKey()
})
afterAll(async () => {
  await gateway?.stop()
  raw?.close()
})

const list = (query = '', root = '/v0.1') => call(gateway.url, `${root}/servers${query}`, { key: key.key })
const namesIn = (body: { servers: { server: { name: string } }[] }) =>
  body.servers.map(({ server }) => server.name)

describe('the registry in the form of the public one', () => {
  it.each(['/v0.1', '/v0'])(
    'lists at %s what the caller may see, at addresses of the gateway',
    async (root) => {
      const body = (await list('', root)).json()
      expect(namesIn(body)).toEqual(['com.example/here', 'com.example/other'])
      expect(body.metadata).toEqual({ count: 2 })
      expect(body.servers[0].server).toMatchObject({
        ...{ title: 'here', description: 'The one in the file', version: '1.0.0' },
        remotes: [{ type: 'streamable-http', url: `${gateway.url}/mcp/here` }],
      })
      expect(JSON.stringify(body)).not.toContain(String(raw.port))
    },
  )

  it('goes by pages, words and times', async () => {
    const first = (await list('?limit=1')).json()
    expect(namesIn(first)).toEqual(['com.example/here'])
    expect(namesIn((await list(`?limit=1&cursor=${first.metadata.nextCursor}`)).json())).toEqual([
      'com.example/other',
    ])
    expect(namesIn((await list('?search=OTH')).json())).toEqual(['com.example/other'])
    expect(namesIn((await list('?version=9.9.9')).json())).toEqual([])
    expect(namesIn((await list('?version=latest&updated_since=2026-01-01T00:00:00Z')).json())).toHaveLength(2)
  })

  it.each(['?limit=0', '?limit=101', '?limit=x', '?cursor=%00', '?updated_since=yesterday'])(
    'refuses %s',
    async (query) => {
      const answer = await list(query)
      expect([answer.status, answer.json().detail.error]).toEqual([400, 'invalid_request'])
    },
  )

  it('tells of one server and its only version', async () => {
    const one = '/com.example%2Fhere/versions'
    expect(namesIn((await list(one)).json())).toEqual(['com.example/here'])
    for (const version of ['latest', '1.0.0'])
      expect((await list(`${one}/${version}`)).json().server.name).toBe('com.example/here')
    for (const path of [`${one}/2.0.0`, '/com.example%2Fhidden/versions', '/nobody/versions/latest'])
      expect((await list(path)).status, path).toBe(404)
  })

  it('is for callers with a key, unless it is public: then public servers are there for everybody', async () => {
    expect((await call(gateway.url, '/v0.1/servers')).status).toBe(401)
    await gateway.reload(config({ public: true }))
    expect(namesIn((await call(gateway.url, '/v0.1/servers')).json())).toEqual(['com.example/other'])
    await gateway.reload(config())
  })
})

describe('the header x-mcp-auth', () => {
  const use = (path: string, credential: string, name: string) =>
    call(gateway.url, path, {
      key: key.key,
      headers: { accept: 'application/json, text/event-stream', 'x-mcp-auth': credential },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } },
    })
  const sent = () => raw.received.findLast(({ method }) => method === 'tools/call').headers['authorization']

  it('is a credential for the one server behind an address, and never for several', async () => {
    await waitUntil('the tools are known', async () =>
      (await use('/mcp/here', 'x', 'echo')).text.includes('ok'),
    )
    await use('/mcp/here', 'Bearer of-the-person', 'echo')
    expect(sent()).toBe('Bearer of-the-person')
    await use('/mcp', 'Bearer of-the-person', 'here-echo')
    expect(sent()).toBeUndefined()
    await use('/mcp/here', `Bearer ${key.key}`, 'echo')
    expect(sent()).toBeUndefined()
    expect(gateway.stdout().match(/mcp_deprecated_header/g)).toHaveLength(1)
  })
})
