import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { startTraceCollector, type TraceCollector } from './harness/trace-collector.ts'
import { waitUntil } from './harness/wait-until.ts'

type Body = Record<string, unknown>

let upstream: ScriptedUpstream
let collector: TraceCollector
let gateway: Gateway
let key = ''
const config = (mode: string): object => ({
  model_list: [
    deployment('gpt', upstream.openaiBase),
    deployment('by-responses', upstream.openaiBase, { model: 'openai/responses/by-responses' }),
    deployment('gemini', upstream.geminiBase, { model: 'gemini/gemini' }),
    deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude' }),
  ],
  routeiq: { context_optimizer: { mode } },
})

beforeAll(async () => {
  ;[upstream, collector] = await Promise.all([startScriptedUpstream(), startTraceCollector()])
  gateway = await startGateway({
    config: config('aggressive'),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`, OTEL_TRACES_SAMPLER_ARG: '1' },
  })
  key = (await gateway.createKey({ user_id: 'ann' })).key
})
beforeEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  collector?.close()
})

const pretty = JSON.stringify({ rows: Array.from({ length: 20 }, (_, id) => ({ id })) }, null, 2)
const compact = JSON.stringify(JSON.parse(pretty))
const ask = (path: string, body: Body, asKey = key): Promise<Answer> =>
  call(gateway.url, path, { key: asKey, body })
const sent = (): Body => upstream.requests.at(-1)?.json ?? {}
const savedBy = ({ headers }: Answer): string | undefined => headers['x-routeiq-tokens-saved']

const chat: Body = {
  model: 'gpt',
  messages: [
    { role: 'user', content: 'Which rows are there?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: pretty },
    { role: 'user', content: 'And how\n\n\n\nmany?' },
  ],
}

it('a conversation reaches its provider without what it can do without, and this is told', async () => {
  const answer = await ask('/v1/chat/completions', chat)
  expect(answer.status).toBe(200)
  const saved = Number(savedBy(answer))
  expect(saved).toBeGreaterThan(100)
  const messages = chat['messages'] as Body[]
  expect(sent()['messages']).toEqual([
    ...messages.slice(0, 2),
    { ...messages[2], content: compact },
    messages[3],
  ])
  const metrics = await call(gateway.url, '/metrics', { key: masterKey })
  expect(metrics.text).toContain(`gateway_context_optimizer_tokens_saved_sum ${saved}`)
  expect(metrics.text).toContain('gateway_context_optimizer_tokens_saved_count 1')
  const span = await waitUntil('the call is traced', () =>
    collector.spans.find(({ attributes }) => attributes['gen_ai.routeiq.context_tokens_saved'] !== undefined),
  )
  expect(span.name).toBe('chat gpt')
  expect(span.attributes['gen_ai.routeiq.context_tokens_saved']).toBe(saved)
})

it('in every dialect', async () => {
  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: {} }] }
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: pretty }] }
  const ofMessages = {
    model: 'claude',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'Hi' }, use, result],
  }
  expect(savedBy(await ask('/v1/messages', ofMessages))).toBeDefined()
  expect(JSON.stringify(sent())).toContain(JSON.stringify(compact))
  const called = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' }
  const output = { type: 'function_call_output', call_id: 'c1', output: pretty }
  const input = [{ role: 'user', content: 'Hi' }, called, output]
  expect(savedBy(await ask('/v1/responses', { model: 'by-responses', store: false, input }))).toBeDefined()
  expect((sent()['input'] as Body[])[2]).toMatchObject({ output: compact })
  const contents = [
    { role: 'user', parts: [{ text: pretty }] },
    { role: 'model', parts: [{ text: 'Thanks.' }] },
    { role: 'user', parts: [{ text: pretty }] },
  ]
  expect(savedBy(await ask('/v1beta/models/gemini:generateContent', { contents }))).toBeDefined()
  expect(sent()['contents']).toEqual([{ role: 'user', parts: [{ text: compact }] }, ...contents.slice(1)])
})

it('a long one is trimmed to what was said last', async () => {
  const turns = Array.from({ length: 60 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `This is what was said in turn ${index}.`,
  }))
  const messages = [{ role: 'system', content: 'Be brief.' }, ...turns, { role: 'user', content: 'Well?' }]
  expect(savedBy(await ask('/v1/chat/completions', { model: 'gpt', messages }))).toBeDefined()
  expect(sent()['messages']).toEqual([messages[0], ...messages.slice(-19)])
})

it('not where the request or its key does not want it', async () => {
  for (const [name, wish] of [
    ['metadata', 'false'],
    ['litellm_metadata', false],
    ['metadata', 'off'],
  ] as const) {
    const answer = await ask('/v1/chat/completions', { ...chat, [name]: { routeiq_context_optimize: wish } })
    expect([answer.status, savedBy(answer)]).toEqual([200, undefined])
    expect(sent()['messages']).toEqual(chat['messages'])
  }
  const plain = (await gateway.createKey({ metadata: { routeiq_context_optimize: false } })).key
  expect(savedBy(await ask('/v1/chat/completions', chat, plain))).toBeUndefined()
  expect(sent()['messages']).toEqual(chat['messages'])
})

it('and where nothing is saved or it is off the body passes as it came', async () => {
  const text = '{ "model":"gpt",  "temperature" : 1.0, "messages":[ {"role":"user", "content":"Hi"} ] }'
  const raw = (body: string): Promise<Answer> =>
    call(gateway.url, '/v1/chat/completions', {
      key,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  expect(savedBy(await raw(text))).toBeUndefined()
  expect(upstream.requests.at(-1)?.body).toBe(text)
  await gateway.reload(config('off'))
  const spacious = JSON.stringify(chat, null, 1)
  expect(savedBy(await raw(spacious))).toBeUndefined()
  expect(upstream.requests.at(-1)?.body).toBe(spacious)
})
