import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { startTraceCollector, type TraceCollector } from './harness/trace-collector.ts'
import { waitUntil } from './harness/wait-until.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }

let gateway: Gateway
let agent: ScriptedAgent
let collector: TraceCollector
let alice: IssuedKey
const config = (a2a: object = {}) => ({
  agent_list: [
    { agent_name: 'traced', url: agent.url },
    { agent_name: 'dead', url: 'http://127.0.0.1:9' },
  ],
  routeiq: { a2a },
})

beforeAll(async () => {
  agent = await startScriptedAgent('1.0')
  collector = await startTraceCollector()
  gateway = await startGateway({ config: config(), env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } })
  alice = await gateway.createKey({ user_id: 'alice' })
})
afterAll(async () => {
  await gateway?.stop()
  await agent?.close()
  collector?.close()
})

const bodyOf = (method: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: { message: { messageId: 'work-secret', role: 'ROLE_USER', parts: [{ text: 'said in private' }] } },
})
const send = (name: string) =>
  call(gateway.url, `/a2a/${name}`, { key: alice.key, headers, body: bodyOf('SendMessage') })
const arrived = (name: string) =>
  waitUntil(`a span ${name}`, () => collector.spans.find((span) => span.name === name) ?? null, 30_000)

it('a call of an agent is a span of its request', async () => {
  const { task } = (await send('traced')).json().result
  const span = await arrived('a2a.agent.send/traced')
  const root = await arrived('POST /a2a/{id}')
  expect(span).toMatchObject({ traceId, parentSpanId: root.spanId, error: null })
  expect(span.attributes).toMatchObject({
    'a2a.agent.name': 'traced',
    'a2a.method': 'SendMessage',
    'a2a.protocol.version': '1.0',
    'a2a.task.id': task.id,
    'a2a.task.state': 'TASK_STATE_COMPLETED',
    'a2a.message.id': 'work-secret',
    'a2a.stream': false,
    'a2a.success': true,
    'a2a.client_disconnected': false,
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'traced',
  })
  expect(agent.requests.at(-1)?.headers['traceparent']).toBe(`00-${traceId}-${root.spanId}-01`)
  expect(JSON.stringify(collector.spans)).not.toContain('said in private')
})

it('so is a stream, and a call that fails', async () => {
  const stream = await openStream(gateway.url, '/a2a/traced', {
    ...{ key: alice.key, headers },
    body: bodyOf('SendStreamingMessage'),
  })
  await stream.end
  expect((await arrived('a2a.agent.stream/traced')).attributes).toMatchObject({ 'a2a.stream': true })
  await send('dead')
  expect((await arrived('a2a.agent.send/dead')).attributes).toMatchObject({
    'a2a.success': false,
    'error.type': 'UPSTREAM_UNREACHABLE',
  })
})

it('not where that is switched off', async () => {
  await gateway.reload(config({ tracing_enabled: false }))
  collector.spans.length = 0
  await send('traced')
  await arrived('POST /a2a/{id}')
  expect(collector.spans.filter(({ name }) => name.startsWith('a2a.'))).toEqual([])
})
