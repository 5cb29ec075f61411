import { Client, SSEClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, respond, startRawServer } from './mcp-servers/raw-server.ts'
import { startToolServer, type ToolServer } from './mcp-servers/start-server.ts'

let upstream: ToolServer
let raw: RawServer
beforeAll(async () => {
  ;[upstream, raw] = await Promise.all([startToolServer('modern'), startRawServer()])
})
afterAll(() => {
  upstream?.stop()
  raw?.close()
})

const configOf = (mcp: object = {}) => ({
  mcp_servers: {
    here: { url: upstream.url, transport: 'http' },
    raw: { url: raw.url, transport: 'http', auth_type: 'bearer_token', auth_value: 'own-credential' },
  },
  routeiq: { mcp },
})

describe('with the old transport and raw access', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway({ config: configOf(), env: { MCP_PROTOCOL_PROXY_ENABLED: 'true' } })
    await waitUntil('the server has answered', async () => {
      const answer = await call(gateway.url, '/v1/llmrouter/mcp/server/here/health', {
        key: gateway.masterKey,
      })
      return answer.json().status === 'healthy'
    })
  })
  afterAll(() => gateway?.stop())

  it.each(['/mcp/sse', '/sse'])('serves a client of the old transport at %s', async (path) => {
    const { key } = await gateway.createKey()
    const requestInit = { headers: { authorization: `Bearer ${key}` } }
    const fetchWithKey = (url: string | URL, init?: RequestInit) =>
      fetch(url, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init?.headers)), ...requestInit.headers },
      })
    const client = new Client({ name: 'old', version: '1' })
    await client.connect(
      new SSEClientTransport(new URL(gateway.url + path), {
        requestInit,
        eventSourceInit: { fetch: fetchWithKey },
      }),
    )
    const result = await client.callTool({ name: 'here-echo', arguments: { text: 'old' } })
    expect(result.content).toEqual([{ type: 'text', text: 'old' }])
    const admin = await call(gateway.url, '/mcp/sse/sessions', { key: gateway.masterKey })
    expect(admin.json()).toMatchObject({ count: 1 })
    expect(admin.text).not.toContain(key)
    await client.close()
    await waitUntil('the session is gone', async () => {
      const left = await call(gateway.url, '/mcp/sse/sessions', { key: gateway.masterKey })
      return left.json().count === 0
    })
  })

  it('takes messages for a session from its own key alone', async () => {
    const { key } = await gateway.createKey()
    const stream = openRequest(gateway.url, '/mcp/sse', { key, headers: { accept: 'text/event-stream' } })
    const endpoint = await new Promise<string>((resolve) => {
      stream.once('response', (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          const found = /data: (\S+sessionId=\S+)/.exec(text)?.[1]
          if (found !== undefined) resolve(found)
        })
        response.on('error', () => {})
      })
      stream.on('error', () => {})
    })
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
    const foreign = await call(gateway.url, endpoint, { key: gateway.masterKey, body: ping })
    expect([foreign.status, foreign.json().detail.error]).toEqual([404, 'session_not_found'])
    const own = await call(gateway.url, endpoint, { key, body: ping })
    expect([own.status, own.json().status]).toEqual([202, 'accepted'])
    expect((await call(gateway.url, '/mcp/sse', { key, headers: { accept: 'text/html' } })).status).toBe(406)
    stream.destroy()
  })

  it('passes raw requests of admins on, without their credentials and with the server’s own', async () => {
    raw.on('raw/question', (message, response) => {
      response.setHeader('set-cookie', 'a=b')
      respond(response, message, { seen: true })
    })
    const body = { jsonrpc: '2.0', id: 1, method: 'raw/question' }
    const headers = { 'x-custom': 'kept', cookie: 'c=d' }
    const answer = await call(gateway.url, '/mcp/raw/deeper/path?x=1', {
      key: gateway.masterKey,
      headers,
      body,
    })
    expect([answer.status, answer.json().result]).toEqual([200, { seen: true }])
    expect(answer.headers['set-cookie']).toBeUndefined()
    const { headers: seen } = raw.received.at(-1)
    expect(seen).toMatchObject({ authorization: 'Bearer own-credential', 'x-custom': 'kept' })
    expect(seen.cookie).toBeUndefined()
    const { key } = await gateway.createKey()
    expect((await call(gateway.url, '/mcp/raw/path', { key, body })).status).toBe(403)
    const { key: permitted } = await gateway.createKey({ permissions: { 'mcp.proxy': true } })
    const { key: other } = await gateway.createKey({ permissions: { 'mcp.server.write': true } })
    expect((await call(gateway.url, '/mcp/raw/path', { key: permitted, body })).json().result).toEqual({
      seen: true,
    })
    expect(raw.received.at(-1).headers).toMatchObject({ authorization: 'Bearer own-credential' })
    expect((await call(gateway.url, '/mcp/raw/path', { key: other, body })).status).toBe(403)
    for (const path of ['/mcp/raw/../x', '/mcp/raw/%2e%2e/x', '/mcp/nobody/x'])
      expect((await call(gateway.url, path, { key: gateway.masterKey, body })).status, path).toBe(404)
  })

  it('tells clients without a key where it is', async () => {
    for (const path of ['/mcp', '/mcp/here', '/here/mcp']) {
      const refused = await call(gateway.url, path, { body: {} })
      const url = /resource_metadata="([^"]+)"/.exec(refused.headers['www-authenticate'] ?? '')?.[1] ?? ''
      expect((await call(gateway.url, new URL(url).pathname)).json()).toMatchObject({
        resource: `${gateway.url}${path}`,
        bearer_methods_supported: ['header'],
        scopes_supported: ['mcp'],
      })
    }
  })
})

describe('switches', () => {
  const initialize = {
    ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
  }
  const accept = { accept: 'application/json, text/event-stream' }

  it('off, nothing is there', async () => {
    const gateway = await startGateway({ config: {} })
    const key = gateway.masterKey
    for (const path of [
      '/llmrouter/mcp/servers',
      '/v1/mcp/server',
      '/mcp-rest/tools/list',
      '/mcp/sse',
      '/mcp/a/b',
    ]) {
      const answer = await call(gateway.url, path, { key })
      expect([answer.status, answer.json().detail.error], path).toEqual([404, 'mcp_gateway_disabled'])
    }
    const native = await call(gateway.url, '/mcp', { key, body: initialize, headers: accept })
    expect([native.status, native.json().error.data.code]).toEqual([404, 'mcp_gateway_disabled'])
    const registered = await call(gateway.url, '/llmrouter/mcp/servers', { key, body: {} })
    expect(registered.status).toBe(404)
    await gateway.reload({ routeiq: { mcp: { enabled: true } } })
    expect((await call(gateway.url, '/v1/mcp/server', { key })).json()).toEqual([])
    await gateway.stop()
  })

  it('each does what it says', async () => {
    const gateway = await startGateway({
      config: configOf({
        access_group_enforcement: true,
        server_name: 'tools-of-acme',
        server_version: '9.9',
      }),
      env: {
        LITELLM_ROUTER_MCP_MODE: 'false',
        LLMROUTER_ENABLE_MCP_TOOL_INVOCATION: 'false',
        MCP_SESSION_TIMEOUT: '0',
        MCP_SSE_TRANSPORT_ENABLED: 'false',
        MCP_DB_PERSISTENCE_ENABLED: 'false',
      },
    })
    const key = gateway.masterKey
    expect((await call(gateway.url, '/llmrouter/mcp/servers', { key })).status).toBe(404)
    expect((await call(gateway.url, '/v1/llmrouter/mcp/servers', { key })).status).toBe(404)
    expect((await call(gateway.url, '/v1/mcp/server', { key })).json()).toHaveLength(2)
    const sse = await call(gateway.url, '/mcp/sse', { key })
    expect([sse.status, sse.json().detail.error]).toEqual([404, 'sse_transport_disabled'])
    const raw = await call(gateway.url, '/mcp/here/path', { key })
    expect([raw.status, raw.json().detail.error]).toEqual([404, 'feature_disabled'])
    const body = { name: 'echo', arguments: { text: 'x' }, server_id: 'here' }
    const rest = await call(gateway.url, '/mcp-rest/tools/call', { key, body })
    expect([rest.status, rest.json().detail.error]).toEqual([501, 'tool_invocation_disabled'])
    const post = (message: object) =>
      call(gateway.url, '/mcp/here', { key, headers: accept, body: { jsonrpc: '2.0', id: 2, ...message } })
    const begun = await post(initialize)
    expect(begun.headers['mcp-session-id']).toBeUndefined()
    expect(begun.text).toContain('"serverInfo":{"name":"tools-of-acme","version":"9.9"}')
    const called = await post({ method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } })
    expect(called.text).toContain('"code":-32004')
    expect((await call(gateway.url, '/mcp/here', { key, headers: accept })).status).toBe(405)
    const someone = await gateway.createKey()
    expect((await call(gateway.url, '/v1/mcp/server', { key: someone.key })).json()).toEqual([])
    const named = await gateway.createKey({ object_permission: { mcp_servers: ['here'] } })
    expect((await call(gateway.url, '/v1/mcp/server', { key: named.key })).json()).toHaveLength(1)
    const registered = { server_id: 'fleeting', name: 'f', url: 'https://example.com/mcp' }
    await call(gateway.url, '/v1/mcp/server', { key, body: registered })
    expect((await call(gateway.url, '/v1/mcp/server', { key })).json()).toHaveLength(3)
    await gateway.restart()
    expect((await call(gateway.url, '/v1/mcp/server', { key })).json()).toHaveLength(2)
    await gateway.stop()
  })
})
