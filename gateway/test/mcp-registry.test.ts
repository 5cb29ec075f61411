import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { respond, startRawServer, tool } from './mcp-servers/raw-server.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

const canary = 'canary-secret-of-a-tool-server'

let upstream: ToolServer
let gateway: Gateway
let userKey = ''

beforeAll(async () => {
  upstream = await startToolServer('modern')
  gateway = await startGateway({
    config: { mcp_servers: { filed: { url: upstream.url, transport: 'http', access_groups: ['file'] } } },
    env: {
      LLMROUTER_ENABLE_MCP_TOOL_INVOCATION: 'true',
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: 'localhost',
    },
  })
  userKey = (await gateway.createKey()).key
})
afterAll(async () => {
  await gateway?.stop()
  upstream?.stop()
})

const admin = (path: string, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key: gateway.masterKey, ...options })
const asUser = (path: string, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key: userKey, ...options })

/** The server for tests by a name that REST may register. */
const reachable = (): string => upstream.url.replace('127.0.0.1', 'localhost')
const register = (body: object) => admin('/llmrouter/mcp/servers', { body })
const healthOf = async (id: string): Promise<Record<string, unknown>> =>
  (await admin(`/v1/llmrouter/mcp/server/${id}/health`)).json()
const isHealthy = (id: string) =>
  waitUntil(`${id} is healthy`, async () => (await healthOf(id))['status'] === 'healthy')

/** What the published reference of the API sends, as it sends it. */
const documented = {
  server_id: 'my-mcp-server',
  name: 'My MCP Server',
  url: 'http://mcp-service:8080/mcp',
  transport: 'streamable_http',
  tools: ['search', 'fetch'],
}

describe('the documented calls', () => {
  it('register, list, read, change and remove a server', async () => {
    const registered = await register(documented)
    expect([registered.status, registered.json()]).toEqual([
      200,
      { status: 'registered', server_id: 'my-mcp-server' },
    ])
    const { servers } = (await admin('/llmrouter/mcp/servers')).json()
    expect(servers).toContainEqual({ ...documented, tools: ['fetch', 'search'], resources: [] })
    expect((await admin('/llmrouter/mcp/servers/my-mcp-server')).json()).toMatchObject({
      ...documented,
      tools: ['fetch', 'search'],
      resources: [],
      auth_type: 'none',
      metadata: {},
    })
    const changed = { ...documented, name: 'Updated MCP Server', tools: ['search', 'fetch', 'store'] }
    const { created_at } = (await admin('/llmrouter/mcp/servers/my-mcp-server')).json()
    const answer = await admin('/llmrouter/mcp/servers/my-mcp-server', { method: 'PUT', body: changed })
    expect(answer.json()).toMatchObject({
      status: 'updated',
      server_id: 'my-mcp-server',
      server: { ...changed, tools: ['fetch', 'search', 'store'], created_at },
    })
    const removed = await admin('/llmrouter/mcp/servers/my-mcp-server', { method: 'DELETE' })
    expect(removed.json()).toEqual({ status: 'unregistered', server_id: 'my-mcp-server' })
    expect((await admin('/llmrouter/mcp/servers/my-mcp-server')).json().detail.error).toBe('server_not_found')
    expect((await admin('/llmrouter/mcp/servers/my-mcp-server', { method: 'DELETE' })).status).toBe(404)
  })

  it('list tools and resources, and add a tool by hand', async () => {
    await register(documented)
    expect((await admin('/llmrouter/mcp/tools')).json().tools).toContainEqual({
      server_id: 'my-mcp-server',
      server_name: 'My MCP Server',
      tool: 'search',
    })
    const body = {
      name: 'custom_tool',
      description: 'A custom tool',
      input_schema: { type: 'object', properties: {} },
    }
    const added = await admin('/llmrouter/mcp/servers/my-mcp-server/tools', { body })
    expect(added.json()).toEqual({
      status: 'registered',
      tool_name: 'custom_tool',
      server_id: 'my-mcp-server',
    })
    const described = { ...body, server_id: 'my-mcp-server', server_name: 'My MCP Server' }
    const { tools, count } = (await admin('/llmrouter/mcp/tools/list')).json()
    expect(tools).toContainEqual({ ...described, _meta: { 'routeiq/declared': true } })
    expect(count).toBe(tools.length)
    expect((await admin('/llmrouter/mcp/tools/custom_tool')).json()).toMatchObject(described)
    await isHealthy('filed')
    expect((await admin('/llmrouter/mcp/resources')).json().resources).toContainEqual({
      server_id: 'filed',
      server_name: 'filed',
      resource: 'test://static-text',
    })
    await admin('/llmrouter/mcp/servers/my-mcp-server', { method: 'DELETE' })
  })

  it('call a tool', async () => {
    await isHealthy('filed')
    const body = { tool_name: 'echo', arguments: { text: 'example' } }
    expect((await admin('/llmrouter/mcp/tools/call', { body })).json()).toMatchObject({
      status: 'success',
      tool_name: 'echo',
      server_id: 'filed',
      result: { content: [{ type: 'text', text: 'example' }] },
    })
  })

  it('tell health, registry and groups', async () => {
    await register(documented)
    await isHealthy('filed')
    await waitUntil(
      'the other one failed',
      async () => (await healthOf('my-mcp-server'))['status'] === 'unhealthy',
    )
    const { servers, summary } = (await asUser('/v1/llmrouter/mcp/server/health')).json()
    expect(summary).toEqual({ total: 1, healthy: 0, unhealthy: 1 })
    expect(servers[0]).toMatchObject({ server_id: 'my-mcp-server', status: 'unhealthy', tool_count: 0 })
    expect(await healthOf('filed')).toMatchObject({
      name: 'filed',
      transport: 'streamable_http',
      protocol_version: '2026-07-28',
      era: 'modern',
      last_success_at: expect.any(String),
    })
    const registry = (await asUser('/v1/llmrouter/mcp/registry.json')).json()
    expect(registry).toEqual({
      version: '1.0',
      servers: [
        {
          id: 'my-mcp-server',
          name: 'My MCP Server',
          url: `${gateway.url}/mcp/my-mcp-server`,
          transport: 'streamable_http',
          tools: ['fetch', 'search'],
          resources: [],
          auth_type: 'none',
        },
      ],
      server_count: 1,
    })
    expect((await admin('/v1/llmrouter/mcp/registry.json?access_groups=file')).json().server_count).toBe(1)
    expect((await admin('/v1/llmrouter/mcp/access_groups')).json()).toEqual({
      access_groups: ['file'],
      count: 1,
    })
    await admin('/llmrouter/mcp/servers/my-mcp-server', { method: 'DELETE' })
  })
})

/** Every request of the published reference, in its order but for the one that removes the server. */
const reference = (url: string): readonly (readonly [string, object | null, object | null])[] => {
  const server = { ...documented, url }
  const own = { server_id: 'my-mcp-server', server_name: 'Updated MCP Server' }
  const health = { server_id: 'my-mcp-server', status: 'healthy' }
  const custom = {
    name: 'custom_tool',
    description: 'A custom tool',
    input_schema: { type: 'object', properties: {} },
  }
  const peer = { server_id: 'peer', server_name: 'peer', url, transport: 'http' }
  const containing = (item: object) => expect.arrayContaining([expect.objectContaining(item)])
  const changed = { ...server, name: 'Updated MCP Server', tools: ['search', 'fetch', 'store'] }
  return [
    ['POST /llmrouter/mcp/servers', server, { status: 'registered', server_id: 'my-mcp-server' }],
    ['GET /llmrouter/mcp/servers', null, { servers: containing({ server_id: 'my-mcp-server', url }) }],
    [
      'GET /llmrouter/mcp/servers/my-mcp-server',
      null,
      { name: 'My MCP Server', auth_type: 'none', metadata: {} },
    ],
    ['PUT /llmrouter/mcp/servers/my-mcp-server', changed, { status: 'updated', server_id: 'my-mcp-server' }],
    ['GET /v1/llmrouter/mcp/server/my-mcp-server/health?probe=true', null, health],
    ['GET /llmrouter/mcp/tools', null, { tools: containing({ ...own, tool: 'search' }) }],
    [
      'GET /llmrouter/mcp/tools/list',
      null,
      { tools: containing({ ...own, name: 'search' }), count: expect.any(Number) },
    ],
    ['GET /llmrouter/mcp/tools/search', null, { ...own, name: 'search', input_schema: { type: 'object' } }],
    [
      'POST /llmrouter/mcp/tools/call',
      { tool_name: 'search', arguments: { query: 'example' } },
      {
        status: 'success',
        tool_name: 'search',
        server_id: 'my-mcp-server',
        result: { content: [{ text: 'ok' }] },
      },
    ],
    [
      'POST /llmrouter/mcp/servers/my-mcp-server/tools',
      custom,
      { status: 'registered', tool_name: 'custom_tool' },
    ],
    ['GET /llmrouter/mcp/resources', null, { resources: expect.any(Array) }],
    ['GET /v1/llmrouter/mcp/server/health', null, { servers: containing({ server_id: 'my-mcp-server' }) }],
    ['GET /v1/llmrouter/mcp/registry.json', null, { version: '1.0', server_count: 2 }],
    ['GET /v1/llmrouter/mcp/access_groups', null, { access_groups: ['file'], count: 1 }],
    ['POST /v1/mcp/server', peer, { server_id: 'peer' }],
    ['GET /v1/mcp/server', null, containing({ server_id: 'peer', server_name: 'peer' })],
    [
      'PUT /v1/mcp/server',
      { server_id: 'peer', description: 'new' },
      { server_id: 'peer', description: 'new' },
    ],
    ['GET /v1/mcp/server/peer', null, { server_id: 'peer', status: expect.any(String) }],
    ['GET /v1/mcp/server/health', null, containing({ server_id: 'peer' })],
    ['GET /v1/mcp/tools', null, { tools: containing({ name: 'my-mcp-server-search' }) }],
    ['GET /v1/mcp/access_groups', null, { access_groups: ['file'] }],
    [
      'GET /v1/mcp/registry.json',
      null,
      { servers: containing({ server: expect.objectContaining({ name: 'peer' }) }) },
    ],
    [
      'GET /mcp-rest/tools/list?server_id=my-mcp-server',
      null,
      { tools: containing({ name: 'search' }), error: null },
    ],
    [
      'POST /mcp-rest/tools/call',
      { name: 'search', arguments: { query: 'example' }, server_id: 'my-mcp-server' },
      { content: [{ text: 'ok' }], isError: false, status: 'success' },
    ],
    ['DELETE /v1/mcp/server/peer', null, null],
    [
      'DELETE /llmrouter/mcp/servers/my-mcp-server',
      null,
      { status: 'unregistered', server_id: 'my-mcp-server' },
    ],
  ]
}

it('every request of the reference is answered as it says', async () => {
  const raw = await startRawServer()
  raw.tools = [tool('search'), tool('fetch')]
  raw.on('tools/call', (message, response) =>
    respond(response, message, { content: [{ type: 'text', text: 'ok' }], isError: false }),
  )
  for (const [request, body, expected] of reference(raw.url.replace('127.0.0.1', 'localhost'))) {
    const [method = '', path = ''] = request.split(' ')
    const answer = await admin(path, { method, ...(body !== null && { body }) })
    expect([request, Math.floor(answer.status / 100)]).toEqual([request, 2])
    expect({ answer: answer.json() }, request).toMatchObject({ answer: expected })
  }
  raw.close()
})

describe('the calls of clients of LiteLLM', () => {
  it('manage servers', async () => {
    const body = { server_name: 'peer', url: 'https://example.com/mcp', transport: 'http', auth_type: 'none' }
    const created = await admin('/v1/mcp/server', { body })
    expect(created.status).toBe(201)
    const { server_id } = created.json()
    expect(server_id).toMatch(/^[0-9a-f]{16}$/)
    expect(created.json()).toMatchObject({ server_name: 'peer', alias: 'peer', transport: 'http' })
    expect((await admin('/v1/mcp/server', { body: { ...body, server_id } })).status).toBe(400)
    const changed = await admin('/v1/mcp/server', {
      method: 'PUT',
      body: { server_id, description: 'Tools' },
    })
    expect([changed.status, changed.json()]).toEqual([
      202,
      expect.objectContaining({ server_name: 'peer', description: 'Tools', url: body.url }),
    ])
    const list = (await admin('/v1/mcp/server')).json()
    expect(list.map((server: { server_id: string }) => server.server_id).sort()).toEqual(
      ['filed', server_id].sort(),
    )
    expect((await admin(`/v1/mcp/server/${server_id}`)).json()).toMatchObject({ server_id, alias: 'peer' })
    expect((await admin(`/v1/mcp/server/health?server_ids=${server_id}`)).json()).toEqual([
      { server_id, status: expect.stringMatching(/^un(?:known|healthy)$/) },
    ])
    const published = await admin('/v1/mcp/make_public', { body: { mcp_server_ids: [server_id] } })
    expect([published.status, published.json().public_mcp_servers]).toEqual([202, [server_id]])
    expect((await admin('/v1/mcp/registry.json')).json().servers).toContainEqual({
      server: expect.objectContaining({
        name: 'peer',
        version: '1.0.0',
        remotes: [{ type: 'streamable-http', url: `${gateway.url}/mcp/${server_id}/mcp` }],
      }),
    })
    const removed = await admin(`/v1/mcp/server/${server_id}`, { method: 'DELETE' })
    expect([removed.status, removed.json()]).toEqual([202, null])
    expect((await admin(`/v1/mcp/server/${server_id}`)).status).toBe(404)
  })

  it('list and call tools', async () => {
    await isHealthy('filed')
    expect((await admin('/v1/mcp/tools')).json().tools).toContainEqual(
      expect.objectContaining({
        name: 'filed-echo',
        inputSchema: expect.objectContaining({ type: 'object' }),
      }),
    )
    expect((await admin('/v1/mcp/access_groups')).json()).toEqual({ access_groups: ['file'] })
    const listed = (await admin('/mcp-rest/tools/list?server_id=filed')).json()
    expect(listed).toMatchObject({ error: null })
    expect(listed.tools).toContainEqual(
      expect.objectContaining({ name: 'echo', mcp_info: expect.objectContaining({ server_name: 'filed' }) }),
    )
    expect((await admin('/mcp-rest/tools/list?server_id=nobody')).json()).toMatchObject({
      tools: [],
      error: 'server_not_found',
    })
    const call = (body: object) => admin('/mcp-rest/tools/call', { body })
    expect((await call({ name: 'echo', arguments: { text: 'x' }, server_id: 'filed' })).json()).toMatchObject(
      {
        content: [{ text: 'x' }],
        status: 'success',
      },
    )
    expect((await call({})).json().error).toMatchObject({ code: 'missing_parameter' })
    const denied = await call({ name: 'echo', arguments: {}, server_id: 'nobody' })
    expect([denied.status, denied.json().error.code]).toEqual([403, 'access_denied'])
  })
})

describe('bad registrations', () => {
  it.each([
    'http://127.0.0.1:9/mcp',
    'http://10.1.2.3/mcp',
    'https://192.168.0.1/mcp',
    'https://172.16.0.1/mcp',
    'https://169.254.169.254/latest',
    'http://metadata.google.internal/',
    'http://[::1]/mcp',
    'http://2130706433/mcp',
    'http://user:pw@example.com/mcp',
  ])('%s is refused', async (url) => {
    const answer = await register({ server_id: 'bad', name: 'bad', url })
    expect([answer.status, answer.json().detail.error]).toEqual([400, 'ssrf_blocked'])
  })

  it.each([
    [{ url: 'ftp://example.com/mcp' }, 400, 'invalid_url'],
    [{ url: 'nonsense' }, 400, 'invalid_url'],
    [{ transport: 'stdio', command: 'sh', args: ['-c', 'id'] }, 400, 'stdio_not_allowed'],
    [{ command: 'sh' }, 400, 'stdio_not_allowed'],
  ])('%j is refused', async (extra, status, code) => {
    const answer = await register({ server_id: 'bad', name: 'bad', url: 'https://example.com/mcp', ...extra })
    expect([answer.status, answer.json().detail.error]).toEqual([status, code])
  })

  it.each([
    { server_id: '../x' },
    { server_id: 'oauth' },
    { alias: 'a b' },
    { transport: 'carrier-pigeon' },
    { extra_headers: ['Authorization'] },
    { static_headers: { 'bad name': 'x' } },
  ])('%j does not match the schema', async (extra) => {
    const answer = await register({ server_id: 'bad', name: 'bad', url: 'https://example.com/mcp', ...extra })
    expect([answer.status, answer.json().detail]).toEqual([
      422,
      [expect.objectContaining({ msg: expect.any(String) })],
    ])
  })

  it('leave the server that was there working', async () => {
    await register({ server_id: 'kept', name: 'kept', url: reachable() })
    const bad = await admin('/llmrouter/mcp/servers/kept', {
      method: 'PUT',
      body: { server_id: 'kept', name: 'kept', url: 'http://10.0.0.1/mcp' },
    })
    expect(bad.status).toBe(400)
    const other = await admin('/llmrouter/mcp/servers/kept', {
      method: 'PUT',
      body: { server_id: 'other', name: 'kept', url: reachable() },
    })
    expect(other.json().detail.error).toBe('invalid_request')
    await isHealthy('kept')
    await admin('/llmrouter/mcp/servers/kept', { method: 'DELETE' })
  })

  it('take no alias twice, and nothing of the file', async () => {
    const clash = await register({
      server_id: 'x',
      name: 'x',
      alias: 'FILED',
      url: 'https://example.com/mcp',
    })
    expect([clash.status, clash.json().detail.error]).toEqual([409, 'conflict'])
    for (const options of [{ method: 'DELETE' }, { method: 'PUT', body: { url: reachable(), name: 'x' } }]) {
      const answer = await admin('/llmrouter/mcp/servers/filed', options)
      expect([answer.status, answer.json().detail.error]).toEqual([409, 'config_managed'])
    }
  })

  it('are for admins alone', async () => {
    for (const [method, path] of [
      ['POST', '/llmrouter/mcp/servers'],
      ['PUT', '/llmrouter/mcp/servers/filed'],
      ['DELETE', '/llmrouter/mcp/servers/filed'],
      ['POST', '/llmrouter/mcp/servers/filed/tools'],
      ['POST', '/v1/mcp/server'],
      ['PUT', '/v1/mcp/server'],
      ['DELETE', '/v1/mcp/server/filed'],
      ['POST', '/v1/mcp/make_public'],
    ] as const) {
      expect(
        (await asUser(path, { method, ...(method !== 'DELETE' && { body: documented }) })).status,
        path,
      ).toBe(403)
      expect((await call(gateway.url, path, { method })).status, path).toBe(401)
    }
  })
})

describe('a call over REST that cannot be made', () => {
  it.each([
    [{ tool_name: 'nobody_has_this' }, 404, 'tool_not_found', undefined],
    [{ tool_name: 'echo', arguments: {} }, 400, 'tool_invocation_failed', 'invalid_arguments'],
    [{ tool_name: 'echo', arguments: { text: 1 } }, 400, 'tool_invocation_failed', 'invalid_arguments'],
    [{ tool_name: 'test_elicitation' }, 400, 'tool_invocation_failed', 'upstream_error'],
    [{ tool_name: 'echo', server_id: 'nobody' }, 404, 'server_not_found', undefined],
  ])('%j says why', async (body, status, code, reason) => {
    await isHealthy('filed')
    const answer = await admin('/llmrouter/mcp/tools/call', { body })
    expect([answer.status, answer.json().detail.error, answer.json().detail.reason]).toEqual([
      status,
      code,
      reason,
    ])
  })

  it('is ambiguous when several servers have the tool', async () => {
    await register({ server_id: 'twin', name: 'twin', url: reachable() })
    await isHealthy('twin')
    const answer = await admin('/llmrouter/mcp/tools/echo')
    expect([answer.status, answer.json().detail]).toEqual([
      409,
      expect.objectContaining({ error: 'tool_ambiguous', candidates: ['filed__echo', 'twin__echo'] }),
    ])
    for (const name of ['twin-echo', 'twin.echo', 'twin__echo'])
      expect((await admin(`/llmrouter/mcp/tools/${name}`)).json()).toMatchObject({
        name: 'echo',
        server_id: 'twin',
      })
    await admin('/llmrouter/mcp/servers/twin', { method: 'DELETE' })
  })

  it('is a success when the tool ran and failed', async () => {
    const answer = await admin('/llmrouter/mcp/tools/call', { body: { tool_name: 'test_error_handling' } })
    expect(answer.json()).toMatchObject({ status: 'success', result: { isError: true } })
  })
})

describe('what is registered', () => {
  it('keeps its secrets to itself, in answers and in the database', async () => {
    const body = {
      ...{ server_id: 'secretive', name: 'secretive', url: reachable(), auth_type: 'bearer_token' },
      ...{ auth_value: canary, static_headers: { 'x-team': `${canary}-header` } },
      metadata: { auth_token: `${canary}-metadata`, colour: 'blue' },
    }
    await register(body)
    await isHealthy('secretive')
    const paths = [
      '/llmrouter/mcp/servers/secretive',
      '/llmrouter/mcp/servers',
      '/v1/mcp/server',
      '/config/status',
    ]
    for (const path of paths) expect((await admin(path)).text, path).not.toContain(canary)
    expect((await admin('/llmrouter/mcp/servers/secretive')).json()).toMatchObject({
      auth_value: 'set',
      static_headers: { 'x-team': 'set' },
      metadata: { colour: 'blue' },
    })
    const found = spawnSync('grep', ['-rla', canary, gateway.dataDir], { encoding: 'utf8' })
    expect([found.status, found.stdout]).toEqual([1, ''])
    expect(gateway.stdout() + gateway.stderr()).not.toContain(canary)
    const seen = await admin('/mcp-rest/tools/call', { body: { name: 'whoami', server_id: 'secretive' } })
    expect(seen.text).toContain(`Bearer ${canary}`)
    expect(seen.text).not.toContain(gateway.masterKey)
  })

  it('stays over a restart, with its secrets, until it is removed', async () => {
    await register({ ...documented, tools: ['search'] })
    await admin('/llmrouter/mcp/servers/my-mcp-server/tools', { body: { name: 'custom' } })
    await gateway.restart()
    expect((await admin('/llmrouter/mcp/servers/my-mcp-server')).json()).toMatchObject({
      tools: ['custom', 'search'],
    })
    await isHealthy('secretive')
    const seen = await admin('/mcp-rest/tools/call', { body: { name: 'whoami', server_id: 'secretive' } })
    expect(seen.text).toContain(`Bearer ${canary}`)
    for (const id of ['secretive', 'my-mcp-server'])
      await admin(`/llmrouter/mcp/servers/${id}`, { method: 'DELETE' })
    await gateway.restart()
    expect((await admin('/llmrouter/mcp/servers')).json().servers).toHaveLength(1)
  })
})
