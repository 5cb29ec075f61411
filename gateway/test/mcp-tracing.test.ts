import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { startTraceCollector, type TraceCollector } from './harness/trace-collector.ts'
import { waitUntil } from './harness/wait-until.ts'
import { type RawServer, startRawServer, tool } from './mcp-servers/raw-server.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }

/** As OpenTelemetry counts them. */
const serverKind = 2
const clientKind = 3

let gateway: Gateway
let server: RawServer
let collector: TraceCollector
let key: IssuedKey
const config = (mcp: object = {}) => ({
  mcp_servers: { traced: { url: server.url, transport: 'http' } },
  routeiq: { mcp },
})

beforeAll(async () => {
  server = await startRawServer()
  server.tools = [tool('search'), tool('broken')]
  server.on('tools/call', (message, response) => {
    const { name } = message.params as { name: string }
    const result = { content: [{ type: 'text', text: 'answered in private' }], isError: name === 'broken' }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
  })
  collector = await startTraceCollector()
  gateway = await startGateway({ config: config(), env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } })
  key = await gateway.createKey()
})
afterAll(async () => {
  await gateway?.stop()
  server?.close()
  collector?.close()
})

const use = (name: string) =>
  call(gateway.url, '/mcp-rest/tools/call', {
    ...{ key: key.key, headers },
    body: { name, server_id: 'traced', arguments: { text: 'asked in private' } },
  })
const spansOf = (name: string) => collector.spans.filter((span) => span.name === name)
const arrived = (name: string) => waitUntil(`spans ${name}`, () => spansOf(name)[1] && spansOf(name), 30_000)

it('a call of a tool is a span of its request, and so is what was tried for it', async () => {
  await waitUntil('the tools are known', async () => (await use('search')).status === 200)
  const spans = await arrived('tools/call search')
  const ours = spans.find(({ kind }) => kind === serverKind)
  const attempt = spans.find(({ kind }) => kind === clientKind)
  const common = {
    ...{ 'mcp.method.name': 'tools/call', 'mcp.server.id': 'traced', 'mcp.server.name': 'traced' },
    ...{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search', 'mcp.success': true },
  }
  expect(ours).toMatchObject({ traceId, error: null, attributes: common })
  expect(attempt).toMatchObject({ traceId, error: null, attributes: common })
  expect(attempt?.attributes).toMatchObject({
    ...{ 'network.transport': 'tcp', 'mcp.protocol.version': expect.any(String) },
  })
  expect(attempt?.parentSpanId).toBe(ours?.parentSpanId)
})

it('the server is told of the trace, and nothing that was said is in it', async () => {
  await use('broken')
  const [span] = await arrived('tools/call broken')
  expect(span?.attributes).toMatchObject({ 'mcp.success': false, 'error.type': 'tool_error' })
  const asked = server.received.findLast(({ method }) => method === 'tools/call')
  const traceparent = expect.stringContaining(`00-${traceId}-`)
  expect(asked?.params).toMatchObject({ _meta: { traceparent } })
  expect(asked?.headers['traceparent']).toEqual(traceparent)
  expect(JSON.stringify(collector.spans)).not.toContain('in private')
})

it('a message of a client of the protocol is one, with its id and its session', async () => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } }
  const send = (message: object, session = {}) =>
    call(gateway.url, '/mcp/traced', {
      ...{ key: key.key, body: { jsonrpc: '2.0', ...message } },
      headers: { ...headers, accept: 'application/json, text/event-stream', ...session },
    })
  const begun = await send({ id: 1, method: 'initialize', params })
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) }
  await send({ id: 'list-1', method: 'tools/list' }, session)
  await send({ id: 7, method: 'tools/call', params: { name: 'search' } }, session)
  await waitUntil('the spans', () =>
    ['list-1', '7'].every((id) =>
      collector.spans.some((span) => span.attributes['jsonrpc.request.id'] === id),
    ),
  )
  for (const [name, id] of [
    ['tools/list', 'list-1'],
    ['tools/call search', '7'],
  ]) {
    const span = collector.spans.find(({ attributes }) => attributes['jsonrpc.request.id'] === id)
    expect(span).toMatchObject({ name, traceId, kind: serverKind })
    expect(span?.attributes).toMatchObject({
      ...{ 'mcp.protocol.version': '2025-11-25', 'network.transport': 'tcp', 'mcp.success': true },
      'mcp.session.id': expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  }
  expect(JSON.stringify(collector.spans)).not.toContain(session['mcp-session-id'])
})

it('not where that is switched off', async () => {
  await gateway.reload(config({ tracing_enabled: false }))
  const before = collector.spans.length
  const received = server.received.length
  await waitUntil('the tools are known', async () => (await use('search')).status === 200)
  await waitUntil('the request is there', () => collector.spans.length > before)
  const told = server.received.slice(received).filter(({ method }) => method === 'tools/call')
  expect(told.every(({ headers: sent }) => sent['traceparent'] === undefined)).toBe(true)
  expect(collector.spans.slice(before).filter(({ kind }) => kind === clientKind)).toEqual([])
})
