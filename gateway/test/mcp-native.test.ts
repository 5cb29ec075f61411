import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { everythingServer, startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

const kinds = ['modern', 'sessions', 'stateless', 'old', 'program'] as const
const asking = kinds.filter((kind) => kind !== 'stateless')
const eras = ['legacy', 'modern'] as const
type Era = (typeof eras)[number]

let servers: ToolServer[] = []
let gateway: Gateway
let acme: IssuedKey
let globex: IssuedKey

beforeAll(async () => {
  servers = await Promise.all([
    startToolServer('modern'),
    startToolServer('sessions'),
    startToolServer('stateless'),
    startToolServer('old'),
  ])
  const [modern, sessions, stateless, old] = servers.map(({ url }) => url)
  gateway = await startGateway({
    config: {
      mcp_servers: {
        modern: { url: modern, transport: 'http', extra_headers: ['x-let-through'] },
        sessions: { url: sessions, transport: 'http' },
        stateless: { url: stateless, transport: 'http' },
        old: { url: old, transport: 'sse' },
        program: { transport: 'stdio', command: process.execPath, args: [everythingServer, 'stdio'] },
        grouped: {
          url: modern,
          transport: 'http',
          access_groups: ['research'],
          allowed_tools: ['ec*', 'count'],
        },
      },
      routeiq: { mcp: { tools_page_size: 20 } },
    },
  })
  acme = await gateway.createKey()
  globex = await gateway.createKey({
    object_permission: {
      mcp_servers: ['modern'],
      mcp_access_groups: ['research'],
      mcp_tool_permissions: { modern: ['echo', 'whoami'] },
      blocked_tools: ['grouped-count'],
    },
  })
  await waitUntil('all servers have answered', async () => {
    const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key: gateway.masterKey })
    return answer.json().summary.unhealthy === 0
  })
}, 90_000)
afterAll(async () => {
  await gateway?.stop()
  for (const server of servers) server.stop()
})

const open: Client[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()))
})

/** A client of the official package. */
async function connect(
  era: Era,
  path: string,
  options: ClientOptions & { readonly key?: string; readonly headers?: Record<string, string> } = {},
): Promise<Client> {
  const { key = acme.key, headers = {}, ...rest } = options
  const client = new Client(
    { name: 'test', version: '1' },
    { ...rest, versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
  )
  const requestInit = { headers: { authorization: `Bearer ${key}`, ...headers } }
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url + path), { requestInit }))
  open.push(client)
  return client
}

const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? ''

const canBeAsked = { capabilities: { elicitation: {}, sampling: {}, roots: {} } }

function answerQuestions(client: Client): void {
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { username: 'ann', email: 'ann@example.com', name: 'Ann', ok: true, answer: 'x', context: 'c' },
  }))
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }))
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///work', name: 'work' }] }))
}

describe.each(eras)('a client of the %s era', (era) => {
  it('sees every server behind one address, page by page', async () => {
    const client = await connect(era, '/mcp')
    const { tools } = await client.listTools()
    const names = tools.map(({ name }) => name)
    for (const kind of kinds) expect(names).toContain(`${kind}-echo`)
    expect(names).toEqual([...names].sort())
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain('grouped-echo')
    const page = await client
      .listTools({ cursor: undefined as never })
      .then(() => client.request({ method: 'tools/list', params: {} }))
    expect(page.tools).toHaveLength(20)
    await expect(
      client.request({ method: 'tools/list', params: { cursor: 'forged' } }),
    ).rejects.toMatchObject({
      code: -32_602,
    })
  })

  describe.each(kinds)('in front of a server of kind %s', (kind) => {
    it('calls, reads and completes by the names of the server', async () => {
      const client = await connect(era, `/mcp/${kind}`)
      expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'hi' } }))).toBe('hi')
      const { messages } = await client.getPrompt({
        name: 'test_prompt_with_arguments',
        arguments: { arg1: 'a', arg2: 'b' },
      })
      expect(JSON.stringify(messages)).toContain("arg1='a'")
      const { contents } = await client.readResource({ uri: 'test://template/7/data' })
      expect(contents[0]).toMatchObject({ uri: 'test://template/7/data' })
      const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' } as const
      const { completion } = await client.complete({ ref, argument: { name: 'arg1', value: 'par' } })
      expect(completion.values).toEqual(['paris', 'park', 'party'])
      await expect(client.readResource({ uri: 'test://nothing' })).rejects.toThrow('not found')
      await expect(client.callTool({ name: 'nothing' })).rejects.toMatchObject({ code: -32_602 })
    })

    it('calls by the public names', async () => {
      const client = await connect(era, '/mcp')
      for (const name of [`${kind}-echo`, `${kind}__echo`, `${kind}.echo`])
        expect(textOf(await client.callTool({ name, arguments: { text: name } }))).toBe(name)
      const { prompts } = await client.listPrompts()
      expect(prompts.map(({ name }) => name)).toContain(`${kind}-test_simple_prompt`)
      expect((await client.getPrompt({ name: `${kind}-test_simple_prompt` })).messages).toHaveLength(1)
    })

    it('hears of progress', async () => {
      const client = await connect(era, `/mcp/${kind}`)
      const seen: number[] = []
      const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress)
      await client.callTool({ name: 'test_tool_with_progress' }, { onprogress })
      expect(seen).toEqual([0, 50, 100])
    })

    it('keeps members nobody knows', async () => {
      const headers = {
        authorization: `Bearer ${acme.key}`,
        accept: 'application/json, text/event-stream',
      }
      const send = async (method: string, params: object) => {
        const envelope = {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        }
        const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }
        const name = 'name' in params ? { 'mcp-name': String(params.name) } : {}
        const answer = await call(gateway.url, `/mcp/${kind}`, {
          headers: era === 'modern' ? { ...headers, ...modern, ...name } : headers,
          body: {
            ...{ jsonrpc: '2.0', id: 1, method },
            params: era === 'modern' ? { ...params, _meta: envelope } : params,
          },
        })
        const json = answer.text.startsWith('{') ? answer.text : (/data: (\{.*)/.exec(answer.text)?.[1] ?? '')
        return JSON.parse(json).result
      }
      const { tools } = await send('tools/list', {})
      expect(tools[0]).toMatchObject({
        annotations: { unheardOf: true },
        unheardOf: { of: expect.any(String) },
      })
      expect(await send('tools/call', { name: 'unknown_members' })).toMatchObject({ unheardOf: { a: 1 } })
    })

    it('cancels', async () => {
      const client = await connect(era, `/mcp/${kind}`)
      const before = Number(textOf(await client.callTool({ name: 'cancelled' })))
      let delayMs = 150
      await waitUntil('the server was told', async () => {
        const hanging = client.callTool({ name: 'hang' }, { signal: AbortSignal.timeout(delayMs) })
        await expect(hanging).rejects.toThrow()
        // Without sessions nothing tells a server of the older revision to stop.
        if (kind === 'stateless') return true
        // On a busy machine the call may not have come that far.
        delayMs *= 2
        return Number(textOf(await client.callTool({ name: 'cancelled' }))) > before
      })
    })
  })

  describe.each(asking)('asked by a server of kind %s', (kind) => {
    it('answers for its user, its model and its roots', async () => {
      const client = await connect(era, `/mcp/${kind}`, canBeAsked)
      answerQuestions(client)
      const said = async (name: string, args = {}) => textOf(await client.callTool({ name, arguments: args }))
      expect(await said('test_elicitation')).toContain('"username":"ann"')
      expect(await said('test_sampling', { prompt: 'p' })).toBe('LLM response: sampled')
      expect(await said('test_input_required_result_list_roots')).toContain('file:///work')
      expect(await said('test_input_required_result_multi_round')).toBe('Both rounds are done.')
      expect(await said('test_input_required_result_multiple_inputs')).toBe('All three arrived.')
      expect(await said('test_input_required_result_request_state')).toBe('state-ok')
    })

    it('is told so when it cannot be asked', async () => {
      const client = await connect(era, `/mcp/${kind}`)
      const result = client.callTool({ name: 'test_elicitation' }).then(
        ({ isError }) => isError,
        ({ code }) => code,
      )
      expect([true, -32_021]).toContain(await result)
    })
  })

  it.each(['modern', 'sessions'])('hears of changes at a server of kind %s', async (kind) => {
    const heard: string[] = []
    const onChanged = () => void heard.push('tools')
    const client = await connect(era, `/mcp/${kind}`, {
      listChanged: { tools: { onChanged, autoRefresh: false } },
    })
    await client.callTool({ name: 'test_trigger_tool_change' })
    await waitUntil('the client hears of tools', () => heard.includes('tools'))
    const list = () => client.listTools(undefined, { cacheMode: 'refresh' })
    const { tools } = await list().catch(list)
    const isThere = tools.some(({ name }) => name === 'late_tool')
    await client.callTool({ name: 'test_trigger_tool_change' })
    await waitUntil('the list has changed', async () => {
      // A list that changes between two of its pages is begun anew.
      const later = await client.listTools(undefined, { cacheMode: 'refresh' }).catch(() => null)
      return later !== null && later.tools.some(({ name }) => name === 'late_tool') !== isThere
    })
  })

  it.each(['modern', 'sessions'])('hears of a resource of a server of kind %s', async (kind) => {
    const uri = 'test://watched-resource'
    const updated: unknown[] = []
    const client = await connect(era, `/mcp/${kind}`)
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void updated.push(params.uri),
    )
    const subscription = era === 'modern' ? await client.listen({ resourceSubscriptions: [uri] }) : null
    if (era === 'legacy') await client.subscribeResource({ uri })
    await waitUntil('the client hears of the resource', async () => {
      await client.callTool({ name: 'test_trigger_resource_update' })
      return updated.includes(uri)
    })
    await subscription?.close()
  })

  it('never has its key passed on, and only the headers the operator lets through', async () => {
    const headers = { 'x-let-through': 'yes', 'x-not': 'no', 'x-mcp-modern-x-own': 'mine', cookie: 'a=b' }
    const client = await connect(era, '/mcp/modern', { headers })
    const seen = textOf(await client.callTool({ name: 'whoami' }))
    expect(seen).not.toContain(acme.key)
    expect(seen).toContain('["x-let-through","yes"]')
    expect(seen).toContain('["x-own","mine"]')
    expect(seen).not.toContain('x-not')
    expect(seen).not.toContain('cookie')
  })

  it('shares no session at a server with another key', async () => {
    const one = await connect(era, '/mcp/sessions')
    const two = await connect(era, '/mcp/sessions', { key: (await gateway.createKey()).key })
    const first = Number(textOf(await one.callTool({ name: 'count' })))
    expect(textOf(await one.callTool({ name: 'count' }))).toBe(String(first + 1))
    expect(textOf(await two.callTool({ name: 'count' }))).toBe('1')
  })

  it('sees and calls what its key is for', async () => {
    const client = await connect(era, '/mcp', { key: globex.key })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['grouped-echo', 'modern-echo', 'modern-whoami'])
    for (const name of ['modern-count', 'grouped-count', 'sessions-echo', 'grouped-hang'])
      await expect(client.callTool({ name, arguments: { text: 'x' } }), name).rejects.toMatchObject({
        code: -32_602,
        message: expect.stringContaining('Unknown tool'),
      })
    expect(textOf(await client.callTool({ name: 'grouped-echo', arguments: { text: 'x' } }))).toBe('x')
    await expect(connect(era, '/mcp/sessions', { key: globex.key })).rejects.toThrow()
    await expect(connect(era, '/mcp/nobody', { key: globex.key })).rejects.toThrow()
  })

  it('selects by group and by a list, and narrows by header', async () => {
    const key = gateway.masterKey
    const byGroup = await connect(era, '/mcp/research', { key })
    expect((await byGroup.listTools()).tools.map(({ name }) => name)).toEqual([
      'grouped-count',
      'grouped-echo',
    ])
    const byList = await connect(era, '/modern,sessions/mcp', { key })
    const names = (await byList.listTools()).tools.map(({ name }) => name)
    expect(names.filter((name) => name.endsWith('-echo'))).toEqual(['modern-echo', 'sessions-echo'])
    const narrowed = await connect(era, '/mcp', { key, headers: { 'x-mcp-servers': 'research' } })
    expect((await narrowed.listTools()).tools).toHaveLength(2)
  })

  it('is told of arguments that do not fit before the server sees them', async () => {
    const client = await connect(era, '/mcp/sessions')
    const result = await client.callTool({ name: 'echo', arguments: { text: 7 } })
    expect([result.isError, textOf(result)]).toEqual([
      true,
      expect.stringContaining('Invalid arguments for echo'),
    ])
    const schema = await client.callTool({
      name: 'json_schema_2020_12_tool',
      arguments: { contactMethod: 'phone', email: 'a@example.com' },
    })
    expect(schema.isError).toBe(true)
  })
})

const accept = 'application/json, text/event-stream'
const post = (body: object | string, headers: Record<string, string> = {}, path = '/mcp/modern') =>
  call(gateway.url, path, { key: acme.key, body, headers: { accept, ...headers } })
const envelope = (version = '2026-07-28') => ({
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': {},
})
const initialize = {
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
}

describe('the endpoint', () => {
  it('asks for a key and says where to get one', async () => {
    const answer = await call(gateway.url, '/mcp', { body: initialize })
    expect([answer.status, answer.json().error.data.code]).toEqual([401, 'invalid_api_key'])
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer resource_metadata="http.*oauth-protected-resource\/mcp", scope="mcp"$/,
    )
  })

  it('keeps pages of foreign sites out', async () => {
    for (const headers of [{ origin: 'https://evil.test' }, { host: 'evil.test' }, { origin: 'null' }])
      expect((await post(initialize, headers)).status, JSON.stringify(headers)).toBe(403)
    expect((await post(initialize, { origin: 'http://localhost:3000' })).status).toBe(200)
  })

  it.each([
    ['{', {}, 400, -32_700],
    ['"\ud800', {}, 400, -32_700],
    [
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: envelope('2099-01-01') } },
      { 'mcp-protocol-version': '2099-01-01', 'mcp-method': 'tools/list' },
      400,
      -32_022,
    ],
    [
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: envelope() } },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'prompts/list' },
      400,
      -32_020,
    ],
    [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', _meta: envelope() } },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'other' },
      400,
      -32_020,
    ],
    [
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'test_custom_headers', arguments: { region: 'eu' }, _meta: envelope() },
      },
      {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'test_custom_headers',
        'mcp-param-region': 'us',
      },
      400,
      -32_020,
    ],
    [
      { jsonrpc: '2.0', id: 1, method: 'unheard/of', params: { _meta: envelope() } },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'unheard/of' },
      404,
      -32_601,
    ],
    [
      { jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: envelope() } },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'ping' },
      404,
      -32_601,
    ],
    [
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/list',
        params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
      },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
      400,
      -32_602,
    ],
    [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'mcp-session-id': 'unknown' }, 404, -32_001],
  ] as const)('refuses %j with %j', async (body, headers, status, code) => {
    const answer = await post(body as object, headers as unknown as Record<string, string>)
    expect([answer.status, answer.json().error.code]).toEqual([status, code])
  })

  it.each(kinds)('calls a missing resource of a server of kind %s as old clients know it', async (kind) => {
    const body = { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'test://nothing' } }
    expect((await post(body, {}, `/mcp/${kind}`)).text).toContain('"code":-32002')
  })

  it('answers old clients in one piece, and by a stream where there is more to say or it takes long', async () => {
    const headers = {
      authorization: `Bearer ${acme.key}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }
    const open = async (name: string, args: object, signal: AbortSignal | null = null) => {
      const params = { name, arguments: args, _meta: { progressToken: 7 } }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 'one', method: 'tools/call', params })
      return fetch(`${gateway.url}/mcp/modern`, { method: 'POST', headers, body, signal })
    }
    const prompt = await open('echo', { text: 'hello' })
    expect(prompt.headers.get('content-type')).toBe('application/json')
    expect(await prompt.json()).toMatchObject({ id: 'one', result: { content: [{ text: 'hello' }] } })
    const telling = await open('test_tool_with_progress', {})
    expect(telling.headers.get('content-type')).toBe('text/event-stream')
    expect((await telling.text()).match(/"progressToken":7/g)).toHaveLength(3)
    const stop = new AbortController()
    const hanging = await open('hang', {}, stop.signal)
    expect([hanging.status, hanging.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    stop.abort()
  })

  it('mirrors marked arguments in headers to a modern server', async () => {
    const params = {
      name: 'test_custom_headers',
      arguments: { region: 'Köln', priority: 3 },
      _meta: envelope(),
    }
    const answer = await post(
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      {
        ...{
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'test_custom_headers',
        },
        ...{
          'mcp-param-region': `=?base64?${Buffer.from('Köln').toString('base64')}?=`,
          'mcp-param-priority': '3',
        },
      },
    )
    expect(answer.json().result.content[0].text).toContain('["mcp-param-region","=?base64?S8O2bG4=?="]')
  })

  it('refuses what is too large or no JSON', async () => {
    const large = await post({ ...initialize, filler: 'x'.repeat(4 * 1_048_576) })
    expect(large.status).toBe(413)
    expect((await post('x', { 'content-type': 'text/plain' })).status).toBe(415)
  })

  it('answers an unknown old revision with the newest of its line', async () => {
    const unknown = { ...initialize, params: { ...initialize.params, protocolVersion: '1999-01-01' } }
    expect((await post(unknown)).text).toContain('"protocolVersion":"2025-11-25"')
  })

  it('binds sessions to their key and their address', async () => {
    const session = (await post(initialize)).headers['mcp-session-id'] ?? ''
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    const use = (key: string, path: string) =>
      call(gateway.url, path, { key, body: list, headers: { accept, 'mcp-session-id': session } })
    expect((await use(acme.key, '/mcp/modern')).status).toBe(200)
    expect((await use(globex.key, '/mcp/modern')).status).toBe(404)
    expect((await use(acme.key, '/mcp')).status).toBe(404)
    const end = (key: string) =>
      call(gateway.url, '/mcp/modern', { key, method: 'DELETE', headers: { 'mcp-session-id': session } })
    expect((await end(globex.key)).status).toBe(404)
    expect((await end(acme.key)).status).toBe(200)
    expect((await use(acme.key, '/mcp/modern')).status).toBe(404)
  })

  it('counts the calls that wait for their clients', async () => {
    const send = (extra: object) =>
      call(gateway.url, '/mcp/sessions', {
        ...{ key: acme.key },
        headers: {
          accept,
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'test_elicitation',
        },
        body: {
          ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
          params: {
            ...{ name: 'test_elicitation', arguments: {}, ...extra },
            _meta: { ...envelope(), 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } },
          },
        },
      })
    const parked = async (): Promise<number> => {
      const { text } = await call(gateway.url, '/metrics')
      return Number(/^gateway_mcp_parked_calls (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    const before = await parked()
    const { requestState, inputRequests } = (await send({})).json().result
    expect(await parked()).toBe(before + 1)
    const [id = ''] = Object.keys(inputRequests)
    const inputResponses = { [id]: { action: 'decline' } }
    expect((await send({ requestState, inputResponses })).text).toContain('action=decline')
    expect(await parked()).toBe(before)
  })

  it('takes state of a call back from the caller it was given to alone', async () => {
    const name = 'test_input_required_result_request_state'
    const send = (key: string, extra: object, tool = name) => {
      const meta = { ...envelope(), 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
      const params = { name: tool, arguments: {}, ...extra, _meta: meta }
      const headers = {
        accept,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': tool,
      }
      return call(gateway.url, '/mcp/modern', {
        key,
        headers,
        body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      })
    }
    const { requestState } = (await send(acme.key, {})).json().result
    expect(requestState).not.toContain('confirmed')
    const inputResponses = { confirm: { action: 'accept', content: { ok: true } } }
    const foreign = (await gateway.createKey()).key
    for (const refused of [
      await send(foreign, { requestState, inputResponses }),
      await send(acme.key, { requestState, inputResponses }, 'test_input_required_result_tampered_state'),
      await send(acme.key, { requestState: `${requestState}x`, inputResponses }),
    ])
      expect(refused.json().error).toEqual({ code: -32_602, message: 'Invalid or expired requestState' })
    expect((await send(acme.key, { requestState, inputResponses })).text).toContain('state-ok')
  })
})
