import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, respond, startRawServer, tool } from './mcp-servers/raw-server.ts'

type Era = 'modern' | 'legacy'

const meta = 'io.modelcontextprotocol'
const uri = 'test://nothing'
const secret = `sk-ant-api03-${'a1B2'.repeat(24)}`

let servers: Record<Era, RawServer>
let gateway: Gateway
let key = ''

beforeAll(async () => {
  const [modern, legacy] = await Promise.all([startRawServer(), startRawServer()])
  servers = { modern, legacy }
  const complete = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }
  const capabilities = { tools: {}, resources: {} }
  const serverInfo = { name: 'raw', version: '1' }
  modern.on('server/discover', (message, response) =>
    respond(response, message, {
      ...complete,
      ...{ supportedVersions: ['2026-07-28'], capabilities, _meta: { [`${meta}/serverInfo`]: serverInfo } },
    }),
  )
  modern.on('tools/list', (message, response) =>
    respond(response, message, { ...complete, tools: [tool('echo')] }),
  )
  modern.on('resources/list', (message, response) =>
    respond(response, message, { ...complete, resources: [{ uri, name: 'nothing' }] }),
  )
  legacy.on('initialize', (message, response) =>
    respond(response, message, { protocolVersion: '2025-11-25', capabilities, serverInfo }),
  )
  legacy.on('resources/list', (message, response) =>
    respond(response, message, { resources: [{ uri, name: 'nothing' }] }),
  )
  gateway = await startGateway({
    config: {
      mcp_servers: {
        modern: { url: modern.url, transport: 'http', protocol_era: 'modern' },
        legacy: { url: legacy.url, transport: 'http', protocol_era: 'legacy' },
      },
      routeiq: { mcp: { health_interval: 3600 } },
    },
  })
  key = (await gateway.createKey()).key
  await waitUntil('both are healthy', async () => {
    const { summary } = (await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key })).json()
    return summary.healthy === 2
  })
})
afterAll(async () => {
  await gateway?.stop()
  for (const server of Object.values(servers ?? {})) server.close()
})
beforeEach(() => {
  for (const { received } of Object.values(servers)) received.length = 0
})

interface Asked {
  readonly method?: string
  readonly params?: object
  readonly capabilities?: object
}

/** Sends a request as a client of an era; a legacy one in a session of its own. */
async function ask(
  era: Era,
  server: Era,
  { method = 'tools/call', params = { name: 'echo' }, capabilities = {} }: Asked = {},
): Promise<Answer> {
  const path = `/mcp/${server}`
  const accept = 'application/json, text/event-stream'
  const named = 'name' in params ? String(params.name) : uri
  if (era === 'modern') {
    const _meta = {
      [`${meta}/protocolVersion`]: '2026-07-28',
      [`${meta}/clientCapabilities`]: capabilities,
    }
    return call(gateway.url, path, {
      key,
      headers: { accept, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': named },
      body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } },
    })
  }
  const clientInfo = { name: 't', version: '1' }
  const opened = await call(gateway.url, path, {
    ...{ key, headers: { accept } },
    body: {
      ...{ jsonrpc: '2.0', id: 0, method: 'initialize' },
      params: { protocolVersion: '2025-11-25', capabilities, clientInfo },
    },
  })
  return call(gateway.url, path, {
    key,
    headers: { accept, 'mcp-session-id': opened.headers['mcp-session-id'] ?? '' },
    body: { jsonrpc: '2.0', id: 1, method, params },
  })
}

const messageIn = ({ text }: Answer) => JSON.parse(text.replace(/^[\s\S]*?data: (?=\{)/, ''))
const outcomeOf = (answer: Answer) => [answer.status, messageIn(answer).error?.code]

/** The server answers with this from now on. */
function fail(era: Era, method: string, error: object): void {
  servers[era].on(method, ({ id }, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, error })),
  )
}

const read = { method: 'resources/read', params: { uri } }
const refusal = (code: number, data?: object) => ({ code, message: 'no', ...(data && { data }) })
const capability = { requiredCapabilities: { elicitation: {} } }

describe('an error of a server', () => {
  it.each([
    // A resource that is not there, in the words of the client's era.
    ['legacy', -32_002, { uri }, read, 'modern', 200, -32_602],
    ['legacy', -32_002, { uri }, read, 'legacy', 200, -32_002],
    ['modern', -32_602, { uri }, read, 'legacy', 200, -32_002],
    ['modern', -32_602, { uri }, read, 'modern', 200, -32_602],
    // Everything a tool call can be refused with stays what it is; its status is that of an answer.
    ['legacy', -32_602, undefined, {}, 'modern', 200, -32_602],
    ['modern', -32_602, undefined, {}, 'legacy', 200, -32_602],
    ['modern', -32_601, undefined, {}, 'legacy', 200, -32_601],
    ['legacy', -32_601, undefined, {}, 'modern', 200, -32_601],
    ['modern', -32_603, undefined, {}, 'legacy', 200, -32_603],
    ['legacy', -31_999, undefined, {}, 'modern', 200, -31_999],
    // What the client lacks is for it to know, with the status its era has for that.
    ['modern', -32_021, capability, {}, 'modern', 400, -32_021],
    ['modern', -32_021, capability, {}, 'legacy', 200, -32_021],
  ] as const)(
    'of era %s, %i with %j for %j, is to a %s client %i %i',
    async (server, code, data, asked, client, status, told) => {
      const method = 'method' in asked ? asked.method : 'tools/call'
      fail(server, method, refusal(code, data))
      const answer = await ask(client, server, asked)
      expect(outcomeOf(answer)).toEqual([status, told])
      if (data !== undefined) expect(messageIn(answer).error.data).toEqual(data)
      expect(servers[server].received.filter((message) => message.method === method)).toHaveLength(1)
    },
  )

  it.each(['modern', 'legacy'] as const)('of era %s is told without its secrets', async (era) => {
    fail(era, 'tools/call', { code: -32_000, message: `key ${secret}`, data: { deep: [{ er: secret }] } })
    const { text } = await ask('modern', era)
    expect(text).toContain('"code":-32000')
    expect(text).not.toContain(secret)
  })

  it('that sends its user to an address is a question to a modern client, and an error to an older one', async () => {
    const elicitation = { mode: 'url', message: 'Sign in', url: 'https://example.com/a', elicitationId: 'e' }
    fail('legacy', 'tools/call', refusal(-32_042, { elicitations: [elicitation] }))
    const capabilities = { elicitation: { url: {} } }
    const { result } = messageIn(await ask('modern', 'legacy', { capabilities }))
    expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) })
    const [request] = Object.values(result.inputRequests)
    expect(request).toMatchObject({ method: 'elicitation/create', params: elicitation })
    const { error } = messageIn(await ask('legacy', 'legacy', { capabilities }))
    expect(error).toMatchObject({ code: -32_042, data: { elicitations: [elicitation] } })
  })
})

describe('a modern server', () => {
  const required = { roots: { listChanged: true } }
  const declared = () =>
    servers.modern.received
      .filter(({ method }) => method === 'tools/call')
      .map(({ params }) => params._meta[`${meta}/clientCapabilities`])
  const wantRoots = (always: boolean) =>
    servers.modern.on('tools/call', (message, response) => {
      const { roots } = message.params._meta[`${meta}/clientCapabilities`]
      if (roots?.listChanged === true && !always)
        return respond(response, message, { resultType: 'complete', content: [{ type: 'text', text: 'ok' }] })
      const error = refusal(-32_021, { requiredCapabilities: required })
      const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, error })
      response.writeHead(400, { 'content-type': 'application/json' }).end(body)
    })

  it.each(['modern', 'legacy'] as const)(
    'that misses something its %s client does have is asked once more',
    async (era) => {
      wantRoots(false)
      const answer = await ask(era, 'modern', { capabilities: required })
      expect(messageIn(answer).result.content).toEqual([{ type: 'text', text: 'ok' }])
      expect(declared()).toEqual([{ roots: {} }, required])
    },
  )

  it.each([
    ['once alone, whatever it says', true, required, 2],
    ['not again for what the client does not have', false, { roots: {} }, 1],
  ])('is asked %s', async (_, always, capabilities, times) => {
    wantRoots(always)
    expect(outcomeOf(await ask('modern', 'modern', { capabilities }))).toEqual([400, -32_021])
    expect(declared()).toHaveLength(times)
  })

  it('that asks what an older client never said it can be asked is told so in the result of a tool, else in an error', async () => {
    const inputRequests = {
      a: { method: 'elicitation/create', params: { message: '?', requestedSchema: {} } },
    }
    for (const method of ['tools/call', 'resources/read'])
      servers.modern.on(method, (message, response) =>
        respond(response, message, { resultType: 'input_required', inputRequests, requestState: 's' }),
      )
    const { result } = messageIn(await ask('legacy', 'modern'))
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('cannot be asked') }],
    })
    const { error } = messageIn(await ask('legacy', 'modern', read))
    expect(error).toMatchObject({ code: -32_603, message: expect.stringContaining('cannot be asked') })
  })
})
