import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, respond, startRawServer, tool } from './mcp-servers/raw-server.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

let good: ToolServer
let slow: RawServer
let hanging: RawServer
let gateway: Gateway
let key = ''

beforeAll(async () => {
  ;[good, slow, hanging] = await Promise.all([startToolServer('modern'), startRawServer(), startRawServer()])
  hanging.on('initialize', () => {})
  slow.tools = [tool('search'), tool('fetch')]
  slow.on('tools/list', (message, response) =>
    setTimeout(() => respond(response, message, { tools: slow.tools }), 600),
  )
  const costs = { default_cost_per_query: 0.01, tool_name_to_cost_per_query: { echo: 0.25 } }
  gateway = await startGateway({
    config: {
      mcp_servers: {
        good: { url: good.url, transport: 'http', mcp_info: { mcp_server_cost_info: costs } },
        slow: { url: slow.url, transport: 'http' },
        hanging: { url: hanging.url, transport: 'http' },
      },
      routeiq: { mcp: { health_timeout: 3, health_interval: 60 } },
    },
    env: {
      LLMROUTER_ENABLE_MCP_TOOL_INVOCATION: 'true',
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: 'localhost',
      LITELLM_JSON_LOGS: 'true',
    },
  })
  key = (await gateway.createKey()).key
})
afterAll(async () => {
  await gateway?.stop()
  good?.stop()
  for (const server of [slow, hanging]) server?.close()
})

const as = (credential: string, path: string, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key: credential, ...options })
const admin = (path: string, options: CallOptions = {}): Promise<Answer> =>
  as(gateway.masterKey, path, options)
const use = (credential: string, name: string, server_id: string, args: object = {}): Promise<Answer> =>
  as(credential, '/mcp-rest/tools/call', { body: { name, server_id, arguments: args } })
/** A message of the line with a handshake, without a session. */
const native = (credential: string, path: string, method: string, params: object = {}): Promise<Answer> =>
  as(credential, path, {
    body: { jsonrpc: '2.0', id: 1, method, params },
    headers: { accept: 'application/json, text/event-stream' },
  })
const resultOf = ({ text }: Answer) => JSON.parse(text.replace(/^[\s\S]*?data: (?=\{)/, '')).result
const namesIn = (tools: { name: string }[]): string[] => tools.map(({ name }) => name)

describe('right after a start', () => {
  it('calls and lists wait for servers that were not asked yet', async () => {
    await gateway.restart()
    const [rest, ownRest, chosen, listed, restListed] = await Promise.all([
      use(key, 'search', 'slow'),
      admin('/llmrouter/mcp/tools/call', { body: { tool_name: 'search', arguments: { query: 'example' } } }),
      native(key, '/mcp/slow', 'tools/call', { name: 'search' }),
      native(key, '/mcp', 'tools/list'),
      as(key, '/llmrouter/mcp/tools/list'),
    ])
    expect([rest.status, ownRest.json().status]).toEqual([200, 'success'])
    expect(resultOf(chosen).content[0].text).toBe('ok')
    expect(namesIn(resultOf(listed).tools)).toEqual(expect.arrayContaining(['good-echo', 'slow-search']))
    expect(namesIn(restListed.json().tools)).toEqual(expect.arrayContaining(['echo', 'search']))
  })

  it('a server that does not answer is waited for once, and lists say what they lack', async () => {
    const { _meta } = resultOf(await native(key, '/mcp', 'tools/list'))
    expect(_meta).toEqual({ 'routeiq/partial': ['hanging'] })
    expect(resultOf(await native(key, '/mcp/good', 'tools/list'))._meta).toBeUndefined()
  })

  it('so does a call of a server that was just registered', async () => {
    const url = slow.url.replace('127.0.0.1', 'localhost')
    await admin('/llmrouter/mcp/servers', { body: { server_id: 'fresh', name: 'fresh', url } })
    expect((await use(key, 'search', 'fresh')).status).toBe(200)
    await admin('/llmrouter/mcp/servers/fresh', { method: 'DELETE' })
  })
})

describe('what a call of a tool costs', () => {
  it('is booked for its caller, and a budget that is spent refuses the next', async () => {
    const { key: poor } = await gateway.createKey({ max_budget: 0.3 })
    const spent = async () => Number((await as(poor, '/key/info')).json().info.spend)
    expect((await use(poor, 'echo', 'good', { text: 'x' })).status).toBe(200)
    await waitUntil('the first call is booked', async () => (await spent()) === 0.25)
    expect((await use(poor, 'test_error_handling', 'good')).json().isError).toBe(true)
    expect((await use(poor, 'echo', 'good', { text: 'x' })).status).toBe(200)
    await waitUntil('all are booked', async () => (await spent()) === 0.51)
    const refused = await use(poor, 'echo', 'good', { text: 'x' })
    expect([refused.status, refused.json().error.code]).toEqual([429, 'budget_exceeded'])
    const message = await native(poor, '/mcp/good', 'tools/call', { name: 'echo', arguments: { text: 'x' } })
    expect(message.text).toMatch(/"code":-32000.*"reason":"budget_exceeded"/)
    expect((await use(poor, 'search', 'slow')).status).toBe(200)
    const logs = (await admin(`/spend/logs?api_key=${poor}`)).json()
    expect(logs).toContainEqual(
      expect.objectContaining({
        call_type: 'call_mcp_tool',
        model: expect.stringContaining('echo'),
        spend: 0.25,
      }),
    )
  })
})

describe('what is told of calls', () => {
  interface Line {
    readonly event: string
    readonly action: string
    readonly [member: string]: unknown
  }
  const auditOf = (action: string): Line[] =>
    gateway
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.event === 'audit' && line.action === action)

  it('has a metric by server and outcome', async () => {
    slow.on('tools/call', (_, response) => response.destroy())
    expect((await use(key, 'fetch', 'slow')).status).toBe(400)
    slow.on('tools/call', (message, response) => respond(response, message, { content: [] }))
    const { text } = await call(gateway.url, '/metrics')
    expect(text).toMatch(/gateway_mcp_tool_invocation_total\{server="good",outcome="success"\} [1-9]/)
    expect(text).toMatch(/gateway_mcp_tool_invocation_total\{server="good",outcome="tool_error"\} 1/)
    expect(text).toMatch(/gateway_mcp_tool_invocation_total\{server="slow",outcome="unreachable"\} 1/)
    expect(text).toContain('mcp_client_operation_duration_seconds_count{server="good"}')
  })

  it('has metrics of answers and of sessions on both sides', async () => {
    const read = async (series: string): Promise<number> => {
      const { text } = await call(gateway.url, '/metrics')
      const line = text.split('\n').find((one) => one.startsWith(`${series} `))
      return line === undefined ? 0 : Number(line.slice(series.length + 1))
    }
    const answers = 'mcp_server_operation_duration_seconds_count{method="tools/list"}'
    const open = (server: string): string => `gateway_mcp_upstream_sessions{server="${server}"}`
    const ended = 'mcp_server_session_duration_seconds_count{transport="http"}'
    const before = { answers: await read(answers), ended: await read(ended) }
    const client = new Client({ name: 'measured', version: '1' })
    const requestInit = { headers: { authorization: `Bearer ${key}` } }
    const transport = new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/good`), { requestInit })
    await client.connect(transport)
    await client.listTools()
    await client.callTool({ name: 'echo', arguments: { text: 'x' } })
    expect((await native(key, '/mcp/good', 'made/up')).text).toContain('-32601')
    expect(await read(answers)).toBe(before.answers + 1)
    expect(await read('mcp_server_operation_duration_seconds_count{method="other"}')).toBeGreaterThan(0)
    expect((await call(gateway.url, '/metrics')).text).not.toContain('made/up')
    expect(await read(open('good'))).toBeGreaterThan(1)
    await transport.terminateSession()
    await client.close()
    expect(await read(ended)).toBe(before.ended + 1)
    const body = { server_id: 'brief', name: 'brief', url: good.url.replace('127.0.0.1', 'localhost') }
    await admin('/llmrouter/mcp/servers', { body })
    await waitUntil('a session is open', async () => (await read(open('brief'))) === 1)
    await admin('/llmrouter/mcp/servers/brief', { method: 'DELETE' })
    await waitUntil('it is over', async () => (await read(open('brief'))) === 0)
    expect(await read('mcp_client_session_duration_seconds_count{server="brief"}')).toBe(1)
  })

  it('has one line in the audit for each thing that was done, without arguments or keys', async () => {
    const server = { server_id: 'audited', name: 'audited', url: 'https://example.com/mcp' }
    const headers = { 'x-request-id': 'audit-of-the-test' }
    const path = '/llmrouter/mcp/servers/audited'
    await admin('/llmrouter/mcp/servers', { body: server, headers })
    await admin(path, { method: 'PUT', body: server, headers })
    await admin(`${path}/tools`, { body: { name: 'made_up' }, headers })
    await admin(path, { method: 'DELETE', headers })
    await as(key, '/mcp-rest/tools/call', {
      body: { name: 'echo', server_id: 'good', arguments: { text: 'argument-of-the-test' } },
      headers,
    })
    await admin('/v1/mcp/server/good/tools/echo/approve', { body: {}, headers })
    const own = (action: string) =>
      auditOf(action).filter(({ request_id }) => request_id === 'audit-of-the-test')
    await waitUntil('the last line is there', () => own('mcp.tool.approve').length > 0)
    for (const action of ['create', 'update', 'delete'])
      expect(own(`mcp.server.${action}`), action).toEqual([
        expect.objectContaining({ resource_id: 'audited', outcome: 'success', actor_id: expect.any(String) }),
      ])
    expect(own('mcp.tool.register')).toMatchObject([{ resource_id: 'audited', tool_name: 'made_up' }])
    expect(own('mcp.tool.call')).toMatchObject([{ resource_id: 'good', tool_name: 'echo' }])
    expect(gateway.stdout()).not.toContain('argument-of-the-test')
    expect(gateway.stdout()).not.toContain(key)
  })

  it('has one when a definition changes, and a metric', async () => {
    slow.tools = [tool('search', { description: 'Something else' }), tool('fetch')]
    await admin('/v1/llmrouter/mcp/server/health?probe=true')
    await admin('/v1/llmrouter/mcp/server/health?probe=true')
    await waitUntil('it is told', () => auditOf('mcp.tool.quarantine').length > 0)
    expect(auditOf('mcp.tool.quarantine')).toMatchObject([
      { resource_id: 'slow', tool_name: 'search', outcome: 'denied' },
    ])
    expect((await call(gateway.url, '/metrics')).text).toContain(
      'gateway_mcp_quarantined_total{server="slow"} 1',
    )
  })
})

describe('what the endpoint is', () => {
  it('is told to people with a key', async () => {
    expect((await as(key, '/mcp/info')).json()).toMatchObject({
      ...{ name: 'routeiq-mcp-gateway', version: expect.any(String), url: `${gateway.url}/mcp` },
      eras: { modern: ['2026-07-28'], legacy: expect.arrayContaining(['2025-11-25', '2024-11-05']) },
      transports: ['streamable_http', 'sse'],
      counts: { servers: 3, tools: expect.any(Number) },
    })
    expect((await as(key, '/mcp/transport')).json().transports).toEqual([
      { type: 'streamable_http', url: `${gateway.url}/mcp`, eras: ['modern', 'legacy'], sessions: true },
      { type: 'sse', url: `${gateway.url}/mcp/sse`, eras: ['legacy'], sessions: true },
    ])
    for (const path of ['/mcp/info', '/mcp/transport'])
      expect((await call(gateway.url, path)).status, path).toBe(401)
  })
})

describe('a server that is tried before it is registered', () => {
  const tryOut = (what: 'connection' | 'tools/list', body: object) =>
    admin(`/mcp-rest/test/${what}`, { body })
  const reachable = () => ({ url: good.url.replace('127.0.0.1', 'localhost'), transport: 'http' })

  it('answers with what it offers, and is not kept', async () => {
    expect((await tryOut('connection', reachable())).json()).toEqual({ status: 'ok' })
    const listed = (await tryOut('tools/list', reachable())).json()
    expect([listed.error, namesIn(listed.tools).includes('echo')]).toEqual([null, true])
    expect((await admin('/llmrouter/mcp/servers')).json().servers).toHaveLength(3)
  })

  it('says what is wrong with it', async () => {
    const dead = { url: 'http://localhost:9/mcp', transport: 'http' }
    expect((await tryOut('connection', dead)).json()).toMatchObject({ status: 'error', error: 'unreachable' })
    expect((await tryOut('tools/list', dead)).json()).toMatchObject({ tools: [], error: 'unreachable' })
  })

  it.each([
    [{ url: 'http://10.0.0.1/mcp' }, 400, 'ssrf_blocked'],
    [{ transport: 'stdio', command: 'sh', args: ['-c', 'id'] }, 400, 'stdio_not_allowed'],
    [{ url: 'nonsense' }, 400, 'invalid_url'],
  ])('%j is refused', async (body, status, code) => {
    for (const what of ['connection', 'tools/list'] as const) {
      const answer = await tryOut(what, body)
      expect([answer.status, answer.json().detail.error]).toEqual([status, code])
    }
  })

  it('is for admins alone', async () => {
    for (const what of ['connection', 'tools/list'])
      expect((await as(key, `/mcp-rest/test/${what}`, { body: reachable() })).status).toBe(403)
  })
})
