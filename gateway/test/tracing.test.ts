import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond } from './harness/steps.ts'
import { type CollectedSpan, startTraceCollector, type TraceCollector } from './harness/trace-collector.ts'
import { waitUntil } from './harness/wait-until.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const callersSpan = 'b7ad6b7169203331'
const sampled = `00-${traceId}-${callersSpan}-01`
const [internal, server, client] = [1, 2, 3]
const secret = 'collector-password-of-the-tests'

let upstream: ScriptedUpstream
let collector: TraceCollector
let gateway: Gateway

beforeAll(async () => {
  ;[upstream, collector] = await Promise.all([startScriptedUpstream(), startTraceCollector()])
  gateway = await startGateway({
    config: {
      model_list: [deployment('gpt', upstream.openaiBase), deployment('spare', upstream.openaiBase)],
      router_settings: { fallbacks: [{ gpt: ['spare'] }], num_retries: 0 },
      routeiq: { routing: { routers: { either: { models: ['gpt', 'spare'] } } } },
    },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`,
      OTEL_EXPORTER_OTLP_HEADERS: `x-token=${secret},x-tenant=a%20b`,
      OTEL_SERVICE_NAME: 'ai-gateway',
      OTEL_TRACES_SAMPLER_ARG: '0',
      POD_NAME: 'gateway-0',
    },
  })
})
beforeEach(() => {
  upstream.reset()
  collector.spans.length = 0
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  collector?.close()
})

const ask = (headers: Record<string, string>, body: object = {}) =>
  call(gateway.url, '/v1/chat/completions', { key, headers, body: { model: 'gpt', messages, ...body } })
const arrived = (count: number): Promise<readonly CollectedSpan[]> =>
  waitUntil(`${count} spans are here`, () => (collector.spans.length >= count ? collector.spans : null))
const named = (name: string): CollectedSpan => {
  const found = collector.spans.find((span) => span.name === name)
  if (found === undefined) throw new Error(`no span ${name}`)
  return found
}

describe.each([false, true])('a request within a trace (stream: %s)', (stream) => {
  it('is a span of it, with the choice and the call inside', async () => {
    const before = Date.now()
    expect((await ask({ traceparent: sampled, 'x-request-id': 'traced-1' }, { stream })).status).toBe(200)
    await arrived(3)
    expect(collector.spans.every((span) => span.traceId === traceId)).toBe(true)
    const root = named('POST /chat/completions')
    expect(root).toMatchObject({ parentSpanId: callersSpan, kind: server, error: null })
    expect(root.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/chat/completions',
      'http.response.status_code': 200,
      'routeiq.request_id': 'traced-1',
      'gen_ai.request.model': 'gpt',
    })
    expect(root.resource).toMatchObject({
      'service.name': 'ai-gateway',
      'service.instance.id': 'gateway-0',
      'deployment.environment.name': 'production',
    })
    const made = named('chat gpt')
    expect(made).toMatchObject({ parentSpanId: root.spanId, kind: client, error: null })
    expect(made.attributes).toMatchObject({
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'gpt',
      'gen_ai.usage.output_tokens': expect.any(Number),
    })
    expect(named('routing.decision')).toMatchObject({ parentSpanId: root.spanId, kind: internal })
    for (const { startedAtMs, endedAtMs } of [root, made]) {
      expect(startedAtMs).toBeGreaterThan(before - 1000)
      expect(endedAtMs).toBeGreaterThanOrEqual(startedAtMs)
    }
    // The provider is told which span asked.
    expect(upstream.requests[0]?.headers['traceparent']).toBe(`00-${traceId}-${made.spanId}-01`)
  })
})

it('every call of a provider is a span, failed ones too', async () => {
  upstream.script('gpt', respond(500, { error: { message: 'sk-secret of theirs' } }))
  upstream.script('spare', answerTruly())
  expect((await ask({ traceparent: sampled })).status).toBe(200)
  await arrived(4)
  const failed = named('chat gpt')
  expect(failed.error).not.toBeNull()
  expect(failed.attributes).toMatchObject({ 'http.response.status_code': 500 })
  expect(named('chat spare')).toMatchObject({
    error: null,
    attributes: { 'gen_ai.routeiq.fallback_used': true },
  })
  expect(named('routing.decision').attributes).toMatchObject({ 'router.decision_outcome': 'fallback' })
  expect(JSON.stringify(collector.spans)).not.toContain('sk-secret')
  const told = upstream.requests.map(({ headers }) => headers['traceparent'])
  expect(new Set(told).size).toBe(2)
})

it('changes of keys and the like are spans that say what they do', async () => {
  await call(gateway.url, '/key/generate', { key, headers: { traceparent: sampled }, body: {} })
  await arrived(1)
  expect(named('POST /key/generate').attributes).toMatchObject({
    'routeiq.management.operation': 'management.key.generate',
    'routeiq.management.resource_type': 'key',
    'routeiq.management.sensitivity': 'critical',
  })
})

it('other routes and refusals are spans too', async () => {
  await call(gateway.url, '/v1/models', { headers: { traceparent: sampled } })
  await arrived(1)
  expect(named('GET /models').attributes).toMatchObject({ 'http.response.status_code': 401 })
})

it.each([
  ['bash', 'provider_tool', 'client_action_required', false],
  ['nothing-of-the-kind', 'none', 'module_skills_disabled', true],
])('a call of the skill %s is a span', async (skill, type, status, isError) => {
  const headers = { traceparent: sampled }
  await call(gateway.url, '/v1/skills', { key, headers, body: { skill_name: skill } })
  await arrived(2)
  const span = named(`skill.invoke/${skill}`)
  expect(span).toMatchObject({ traceId, kind: internal })
  expect(span.attributes).toMatchObject({
    'skill.id': skill,
    'skill.type': type,
    'skill.status': status,
    'skill.duration_ms': expect.any(Number),
  })
  expect(span.attributes['error.type']).toBe(isError ? status : undefined)
})

it('what its caller does not keep, or nobody asked for, is not kept and goes on as it came', async () => {
  const dropped = `00-${traceId}-${callersSpan}-00`
  await ask({ traceparent: dropped })
  await ask({})
  await ask({ traceparent: 'nonsense' })
  await ask({ traceparent: sampled })
  await arrived(3)
  expect(collector.spans.filter(({ kind }) => kind === server)).toHaveLength(1)
  const told = upstream.requests.map(({ headers }) => headers['traceparent'])
  expect(told.slice(0, 3)).toEqual([dropped, undefined, 'nonsense'])
})

it('the collector gets its headers, and nobody else', async () => {
  await ask({ traceparent: sampled })
  await arrived(3)
  expect(collector.requests.at(-1)).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-token': secret,
    'x-tenant': 'a b',
  })
  expect(gateway.stdout() + gateway.stderr()).not.toContain(secret)
})

it('a collector that is down costs nobody anything; what it missed for good is counted', async () => {
  collector.status = 400
  expect((await ask({ traceparent: sampled })).status).toBe(200)
  const lost = /^routeiq_spans_dropped_total ([1-9]\d*)$/m
  await waitUntil('the loss is counted', async () =>
    lost.test((await call(gateway.url, '/metrics', { key })).text),
  )
  collector.status = 200
  await ask({ traceparent: sampled })
  await arrived(3)
})

it('what is left is sent at the end, as JSON where that is asked for', async () => {
  const own = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_TRACES_SAMPLER: 'always_on',
      ROUTEIQ_MANAGEMENT_OTEL_ENABLED: 'false',
      ROUTEIQ_DEPLOYMENT_ENV: 'staging',
      ROUTEIQ_OTEL__ROUTING_DECISION_LOGGER_NAME: 'our.decisions',
    },
  })
  await own.createKey()
  const answer = await call(own.url, '/v1/chat/completions', { key, body: { model: 'gpt', messages } })
  expect(answer.status).toBe(200)
  own.kill('SIGTERM')
  expect((await own.exited()).code).toBe(0)
  expect(named('chat gpt').attributes).toMatchObject({ 'gen_ai.system': 'openai' })
  expect(collector.requests.at(-1)?.['content-type']).toBe('application/json')
  // What changes keys was asked not to be traced.
  expect(collector.spans.map(({ name }) => name)).toContain('POST /chat/completions')
  expect(collector.spans.map(({ name }) => name)).not.toContain('POST /key/generate')
  expect(own.stdout()).toContain('"logger":"our.decisions"')
  await own.stop()
})

it('tells the choice of a model as an event of its span, which the decision event names', async () => {
  const { headers } = await ask({ traceparent: sampled }, { model: 'either' })
  await arrived(3)
  const span = named('routing.decision')
  expect(span.events.map(({ name }) => name)).toEqual(['routeiq.router_decision.v1'])
  const payload = JSON.parse(String(span.events[0]?.attributes['routeiq.router_decision.payload']))
  expect(payload).toMatchObject({
    ...{ trace_id: traceId, span_id: span.spanId, parent_span_id: span.parentSpanId },
    decision: { decision_id: headers['x-routeiq-decision-id'] },
  })
})
