import { gzipSync } from 'node:zlib'
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let gateway: Gateway
let key: string

beforeAll(async () => {
  gateway = await startGateway({ config: {} })
  key = (await gateway.createKey({ organization_id: 'acme' })).key
})
afterAll(() => gateway?.stop())

const ask = async (method: string, path: string, body?: object) =>
  (await call(gateway.url, `/api/v1${path}`, { method, key, ...(body === undefined ? {} : { body }) })).json()
const post = (body: object | string | Buffer, headers: Record<string, string> = {}) =>
  call(gateway.url, '/v1/traces', { key, body, headers })

const encodings = [
  ['json', JsonExporter, 'none'],
  ['protobuf', ProtobufExporter, 'none'],
  ['compressed', ProtobufExporter, 'gzip'],
] as const

describe.each(encodings)("OpenTelemetry's own exporter, %s", (encoding, Exporter, compression) => {
  const agent = `agent-${encoding}`
  const skill = `skill-${encoding}`

  /** A run of an agent, as instrumentations for generative AI write it. */
  async function exportRun(routingId: string): Promise<void> {
    const exporter: SpanExporter = new Exporter({
      ...{ url: `${gateway.url}/v1/traces`, headers: { authorization: `Bearer ${key}` } },
      compression: compression as never,
    })
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': agent }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    })
    const tracer = provider.getTracer('test')
    const root = tracer.startSpan('invoke_agent', {
      attributes: { 'gen_ai.operation.name': 'invoke_agent', 'routeiq.routing_id': routingId },
    })
    const context = trace.setSpan(ROOT_CONTEXT, root)
    tracer
      .startSpan(
        'execute_tool load_skill',
        {
          attributes: {
            ...{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'load_skill' },
            'gen_ai.tool.call.arguments': JSON.stringify({ name: skill }),
          },
        },
        context,
      )
      .end()
    const chat = tracer.startSpan(
      'chat gpt-4o',
      {
        attributes: {
          ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai' },
          ...{ 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': 'gpt-4o-2024-08-06' },
          ...{ 'gen_ai.usage.input_tokens': 120, 'gen_ai.usage.output_tokens': 7 },
          'gen_ai.response.finish_reasons': ['stop'],
          'gen_ai.input.messages': 'What only the model may read',
        },
      },
      context,
    )
    chat.setStatus({ code: SpanStatusCode.OK })
    chat.end()
    tracer.startSpan('GET /orders', { attributes: { 'http.request.method': 'GET' } }, context).end()
    root.end()
    await provider.forceFlush()
    await provider.shutdown()
  }

  it('closes the join with the spans of an agent, its model and its tools', async () => {
    await ask('POST', '/skills', {
      ...{ name: skill, description: `Handles ${encoding}.` },
      body_markdown: '# Steps\n\nGo on step by step until all of it is done, then tell what was done.',
    })
    const { routing_id: routingId } = await waitUntil('the skill is offered', async () => {
      const answer = await ask('POST', '/skills/route', { query: encoding })
      return answer.stable_menu_skills.includes(skill) ? answer : null
    })
    await exportRun(routingId)
    expect(await ask('GET', `/skills/routing/${routingId}`)).toMatchObject({
      closed: true,
      activated: [skill],
      traces: [{ status: 'success', model_name: 'gpt-4o-2024-08-06' }],
    })
    const { traces } = await ask('GET', `/traces?agent_name=${agent}`)
    const shown = await ask('GET', `/traces/${traces[0].id}`)
    expect(shown.spans.map(({ span_type }: { span_type: string }) => span_type).sort()).toEqual([
      ...['agent', 'llm', 'span', 'tool'],
    ])
    expect(shown.llm_calls).toMatchObject([
      { provider: 'openai', input_tokens: 120, output_tokens: 7, finish_reason: 'stop' },
    ])
    expect(JSON.stringify(shown)).not.toContain('only the model')
  })
})

describe('an export over HTTP', () => {
  const nanoseconds = (millisecond: number): string => `${millisecond}000000`
  const span = (members: object = {}, attributes: Record<string, string> = {}) => ({
    ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'chat' },
    startTimeUnixNano: nanoseconds(Date.now() - 1_000),
    endTimeUnixNano: nanoseconds(Date.now()),
    attributes: Object.entries(attributes).map(([name, stringValue]) => ({
      key: name,
      value: { stringValue },
    })),
    ...members,
  })
  const exportOf = (...spans: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
  const logged = { active_skills: 'refunds, invoices', 'gen_ai.agent.name': 'plain' }

  it('counts the skills that a span names, once, however often it is sent', async () => {
    const sent = exportOf(span({}, logged))
    for (let time = 0; time < 2; time += 1) {
      const { status, headers, text } = await post(sent)
      expect([status, headers['content-type'], text]).toEqual([200, 'application/json', '{}'])
    }
    const { traces } = await ask('GET', '/traces?agent_name=plain')
    expect(traces).toMatchObject([{ activated: ['refunds', 'invoices'] }])
  })

  it('takes spans of no interest and keeps none of them', async () => {
    expect((await post(exportOf(span({ traceId: '01'.repeat(16) })))).text).toBe('{}')
    expect((await post({})).text).toBe('{}')
    expect((await ask('GET', '/traces?agent_name=unknown')).total).toBe(0)
  })

  it('says what it did not keep, and why', async () => {
    const old = { startTimeUnixNano: '1', endTimeUnixNano: '2', traceId: '02'.repeat(16) }
    const good = { traceId: '03'.repeat(16) }
    const { partialSuccess } = (await post(exportOf(span(old, logged), span(good, logged)))).json()
    expect(partialSuccess).toEqual({
      rejectedSpans: '1',
      errorMessage: expect.stringContaining('more than 5 years in the past'),
    })
  })

  it('marks a run that failed', async () => {
    const failed = { traceId: '04'.repeat(16), status: { code: 2, message: 'no answer' } }
    await post(exportOf(span(failed, { ...logged, 'gen_ai.agent.name': 'failing' })))
    const { traces } = await ask('GET', '/traces?agent_name=failing')
    expect(traces).toMatchObject([{ status: 'error' }])
  })

  const protobuf = { 'content-type': 'application/x-protobuf' }

  it.each([
    ['no JSON', '{', {}, 400],
    ['another shape', { resourceSpans: 'x' }, {}, 400],
    ['no number', exportOf({ ...span(), startTimeUnixNano: 'soon' }), {}, 400],
    ['no protobuf', Buffer.from([0x0a, 0xff, 0xff, 0x01]), protobuf, 400],
    ['an unknown wire type', Buffer.from([0x0f]), protobuf, 400],
    ['broken compression', Buffer.from('x'), { ...protobuf, 'content-encoding': 'gzip' }, 400],
    ['a bomb', gzipSync(Buffer.alloc(64 * 1_048_576)), { ...protobuf, 'content-encoding': 'gzip' }, 413],
    ['another type', 'hello', { 'content-type': 'text/plain' }, 415],
  ] as const)('refuses %s', async (_, body, headers, status) => {
    expect((await post(body, headers)).status).toBe(status)
  })

  it('refuses in the form of the encoding', async () => {
    expect((await post('{')).json()).toEqual({
      code: 3,
      message: expect.stringContaining('no export of spans'),
    })
    const { headers, text } = await post(Buffer.from([0x0f]), protobuf)
    expect(headers['content-type']).toBe('application/x-protobuf')
    expect([text.charCodeAt(0), text.charCodeAt(1), text.charCodeAt(2)]).toEqual([0x08, 3, 0x12])
  })

  it('asks for a key, and keeps tenants apart', async () => {
    expect((await call(gateway.url, '/v1/traces', { body: {} })).status).toBe(401)
    const other = (await gateway.createKey({ organization_id: 'globex' })).key
    const seen = await call(gateway.url, '/api/v1/traces?agent_name=plain', { key: other })
    expect(seen.json().total).toBe(0)
  })
})
