import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readMessages } from '../src/protocols/anthropic-messages/read-messages.fixture.ts'
import {
  anthropicError,
  anthropicEvents,
  anthropicMessage,
  formatAnthropicStream,
} from './harness/anthropic-wire.ts'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { chatChunks, openaiError } from './harness/openai-wire.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { after, hang, hangAfter, respond, respondStream } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const claudeModel = 'claude-sonnet-4-5'
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const claude = { model: `anthropic/${claudeModel}` }
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase),
        deployment('claude', upstream.anthropicBase, claude),
        deployment('mocked', upstream.openaiBase, { mock_response: 'A mocked answer.' }),
        deployment('marked', upstream.anthropicBase, {
          model: 'anthropic/claude-marked',
          cache_control_injection_points: [
            { location: 'message', role: 'system' },
            { location: 'message', index: -1 },
          ],
        }),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true, fallbacks: [{ gpt: ['claude'] }] },
      litellm_settings: { sse_keepalive_ping_interval_seconds: 0.05 },
    },
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const ask = (model: string, members: object = {}): object => ({ model, max_tokens: 50, messages, ...members })
const post = (body: object | string, options: CallOptions = {}, path = '/v1/messages'): Promise<Answer> =>
  call(gateway.url, path, { key, body, ...options })

describe('the route', () => {
  it.each(['/v1/messages', '/messages', '/v1/v1/messages', '/v1/messages?beta=true'])(
    'answers at %s',
    async (path) => {
      const answer = await post(ask('gpt'), {}, path)
      expect(answer.status).toBe(200)
      expect(answer.json()).toMatchObject({ type: 'message', model: 'gpt' })
      expect(answer.headers['x-litellm-model-group']).toBe('gpt')
    },
  )

  it('takes the key from x-api-key', async () => {
    const answer = await call(gateway.url, '/v1/messages', {
      body: ask('gpt'),
      headers: { 'x-api-key': key },
    })
    expect(answer.status).toBe(200)
  })

  it.each([
    ['no key', {}, ask('gpt'), 401, 'authentication_error'],
    ['a bad key', { 'x-api-key': 'sk-nobody' }, ask('gpt'), 401, 'authentication_error'],
    ['an unknown model', { 'x-api-key': key }, ask('nobody'), 404, 'not_found_error'],
    ['a body that is not JSON', { 'x-api-key': key }, '{', 400, 'invalid_request_error'],
    ['no messages', { 'x-api-key': key }, { model: 'gpt' }, 400, 'invalid_request_error'],
    [
      'a bad block',
      { 'x-api-key': key },
      ask('gpt', { messages: [{ role: 'user', content: [5] }] }),
      400,
      'invalid_request_error',
    ],
  ])('tells of %s in the words of its dialect', async (_what, headers, body, status, type) => {
    const answer = await call(gateway.url, '/v1/messages', { body, headers })
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ type: 'error', error: { type, message: expect.any(String) } })
    expect(answer.headers['request-id']).toBe(answer.json().request_id)
    expect(answer.headers['x-routeiq-error-origin']).toBe('gateway')
    expect(upstream.requests).toEqual([])
  })

  it('answers with a mocked response, whole and streamed', async () => {
    expect((await post(ask('mocked'))).json()).toMatchObject({
      content: [{ type: 'text', text: 'A mocked answer.' }],
    })
    const { content } = readMessages((await post(ask('mocked', { stream: true }))).text)
    expect(content).toEqual([{ type: 'text', text: 'A mocked answer.' }])
    expect(upstream.requests).toEqual([])
  })
})

describe('a provider of the same dialect', () => {
  it('gets the client’s bytes with nothing but the model changed', async () => {
    const body = `{ "model" : "claude","max_tokens":50, "messages":[{"role":"user","content":"Hi  \\u00e9"}],"unknown_member": {"a": [1.0, 12345678901234567890]},\n"metadata":{"user_id":"u"} }`
    const headers = {
      'x-api-key': key,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'brand-new-2027-01-01,other',
      'x-stainless-os': 'Linux',
    }
    const answer = await call(gateway.url, '/v1/messages?beta=true', { body, headers })
    expect(answer.status).toBe(200)
    const [received] = upstream.requests
    expect(received?.body).toBe(body.replace('"claude"', `"${claudeModel}"`))
    expect(received?.path).toBe('/v1/messages')
    expect(received?.headers).toMatchObject({
      'x-api-key': 'sk-upstream',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'brand-new-2027-01-01,other',
    })
    expect(received?.headers).not.toHaveProperty('x-stainless-os')
    expect(received?.rawHeaders.filter((name) => name === 'anthropic-version')).toHaveLength(1)
  })

  it('gives its bytes, events and members of its own included, with the model’s name put back', async () => {
    const events = formatAnthropicStream(anthropicEvents()).split(/(?<=\n\n)/)
    const unknown = 'event: vendor_event\ndata: {"type":"vendor_event",  "x": 1.0}\n\n'
    const stream = [...events.slice(0, 3), unknown, ...events.slice(3)]
      .join('')
      .replace('"type":"message",', '"type":"message","vendor":{"kept":true},')
    upstream.script(claudeModel, respondStream(stream))
    const answer = await post(ask('claude', { stream: true }))
    expect(answer.text).toBe(stream.replace('claude-sonnet-4-5-20250929', 'claude'))
    upstream.script(claudeModel, respond(200, { ...anthropicMessage(), vendor: { kept: true } }))
    expect((await post(ask('claude'))).json()).toEqual({
      ...anthropicMessage(),
      vendor: { kept: true },
      model: 'claude',
    })
  })

  it('that does not stream is streamed', async () => {
    upstream.script(claudeModel, respond(200, anthropicMessage({ content: 'All at once' })))
    const { content, usage } = readMessages((await post(ask('claude', { stream: true }))).text)
    expect(content).toEqual([{ type: 'text', text: 'All at once' }])
    expect(usage).toMatchObject({ input_tokens: 11, output_tokens: 7 })
  })

  it('gets the cache marks the operator asked for where the dialect has them', async () => {
    await post(
      ask('marked', {
        system: 'Be kind.',
        messages: [...messages, { role: 'user', content: [{ type: 'text', text: 'b' }] }],
      }),
    )
    const mark = { cache_control: { type: 'ephemeral' } }
    expect(upstream.requests[0]?.json).toMatchObject({
      system: [{ type: 'text', text: 'Be kind.', ...mark }],
      messages: [messages[0], { role: 'user', content: [{ type: 'text', text: 'b', ...mark }] }],
    })
  })
})

describe('a stream', () => {
  it('of another dialect obeys the grammar and ends with its usage', async () => {
    const answer = await post(ask('gpt', { stream: true }))
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const { message, usage, delta } = readMessages(answer.text)
    expect(message).toMatchObject({ model: 'gpt', id: expect.stringMatching(/^msg_[0-9a-f]{32}$/) })
    expect(usage).toMatchObject({ input_tokens: 11, output_tokens: 7 })
    expect(delta).toMatchObject({ stop_reason: 'end_turn' })
    expect(upstream.requests[0]?.json).toMatchObject({ stream_options: { include_usage: true } })
  })

  it('is kept alive by comments before its first event and by pings after it', async () => {
    const begun = `data: ${JSON.stringify(chatChunks()[0])}\n\n`
    upstream.script('gpt', after(150, hangAfter(begun)))
    const stream = await openStream(gateway.url, '/v1/messages', { key, body: ask('gpt', { stream: true }) })
    await waitUntil('the pings are here', () =>
      stream.text().includes('event: ping\ndata: {"type": "ping"}\n\n'),
    )
    expect(stream.text()).toMatch(/^(?:: ping\n\n)+event: message_start/)
    stream.leave()
  })

  it.each([
    [
      'gpt',
      'gpt',
      `data: ${JSON.stringify(chatChunks()[1])}\n\ndata: ${JSON.stringify(openaiError('Broken.', 'server_error'))}\n\n`,
    ],
    [
      'claude',
      claudeModel,
      formatAnthropicStream(anthropicEvents().slice(0, 4)) +
        `event: error\ndata: ${JSON.stringify(anthropicError('overloaded_error', 'Broken.'))}\n\n`,
    ],
  ])('that breaks off ends with an error event: %s', async (model, upstreamModel, text) => {
    upstream.script(upstreamModel, respondStream(text))
    const answer = await post(ask(model, { stream: true, disable_fallbacks: true }))
    expect(answer.status).toBe(200)
    const last = answer.text.split('\n\n').at(-2) ?? ''
    expect(last).toMatch(/^event: error\ndata: \{"type":"error","error":\{"type":"(?:api|overloaded)_error"/)
    expect(last).toContain('Broken.')
    expect(answer.text).not.toContain('message_stop')
  })

  it('whose first event is an error is an error', async () => {
    upstream.script(
      claudeModel,
      respondStream(`event: error\ndata: ${JSON.stringify(anthropicError('overloaded_error', 'Busy.'))}\n\n`),
    )
    const answer = await post(ask('claude', { stream: true }))
    expect(answer.status).toBe(529)
    expect(answer.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  })
})

describe('thinking of one provider', () => {
  it('does not reach another that would refuse it, and its text is never shown', async () => {
    const thinking = {
      ...chatChunks()[1],
      choices: [{ index: 0, delta: { reasoning_content: 'Hm, tricky.' } }],
    }
    const text = [thinking, ...chatChunks({ content: 'Yes.' })].map(
      (chunk) => `data: ${JSON.stringify(chunk)}\n\n`,
    )
    upstream.script('gpt', respondStream(text.join('')), respond(500, openaiError('Down.')))
    const first = readMessages((await post(ask('gpt', { stream: true }))).text)
    expect(first.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm, tricky.', signature: expect.stringMatching(/^riq1\./) },
      { type: 'text', text: 'Yes.' },
    ])
    const history = [...messages, { role: 'assistant', content: first.content }, ...messages]
    expect((await post(ask('gpt', { messages: history }))).status).toBe(200)
    const [, toOpenai, toClaude] = upstream.requests
    expect(toOpenai?.body).not.toContain('tricky')
    expect(toClaude?.json['messages']).toEqual([
      ...messages,
      { role: 'assistant', content: [{ type: 'text', text: 'Yes.' }] },
      ...messages,
    ])
  })
})

describe('what agents send on every call', () => {
  it('is no reason for a refusal elsewhere', async () => {
    const answer = await post(
      ask('gpt', {
        thinking: { type: 'adaptive' },
        output_config: { effort: 'high' },
        context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
        mcp_servers: [],
        container: null,
        metadata: { user_id: `user_${'a'.repeat(64)}_account__session_x` },
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        system: [
          { type: 'text', text: 'One.', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'Two.' },
        ],
      }),
      { headers: { 'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14' } },
    )
    expect(answer.status).toBe(200)
    expect(upstream.requests[0]?.json).toEqual({
      model: 'gpt',
      messages: [{ role: 'system', content: 'One.\n\nTwo.' }, ...messages],
      max_tokens: 50,
      user: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('anthropic-beta')
    const dropped = answer.headers['x-routeiq-dropped']?.split(',')
    expect(dropped?.sort()).toEqual([
      'context_management',
      'mcp_servers',
      'reasoning_effort',
      'tools.web_search',
    ])
  })
})

describe('counting tokens', () => {
  const count = (model: string, members: object = {}): Promise<Answer> =>
    post({ model, messages, ...members }, {}, '/v1/messages/count_tokens?beta=true')

  it('is left to a provider of the dialect', async () => {
    upstream.script(claudeModel, respond(200, { input_tokens: 77, vendor: 1 }))
    const answer = await count('claude')
    expect(answer.json()).toEqual({ input_tokens: 77, vendor: 1 })
    expect(answer.headers['x-routeiq-token-count']).toBe('native')
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/messages/count_tokens',
      json: { model: claudeModel },
    })
  })

  it.each([
    ['fails', respond(500, anthropicError('api_error', 'Down.'))],
    ['lacks it', respond(404, anthropicError('not_found_error', 'No.'))],
    ['is silent', hang()],
  ])('is done here when the provider %s', async (_what, step) => {
    upstream.script(claudeModel, step)
    const answer = await count('claude')
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ input_tokens: expect.any(Number) })
    expect(answer.headers['x-routeiq-token-count']).toBe('estimate')
  })

  it('is no request of a model in the metrics', async () => {
    const requests = async () =>
      (await call(gateway.url, '/metrics')).text
        .split('\n')
        .filter((line) => line.startsWith('gateway_request_total{'))
    await post({ model: 'gpt', max_tokens: 9, messages })
    const before = await requests()
    expect(before.join()).toContain('model="gpt"')
    for (const model of ['claude', 'gpt']) expect((await count(model)).status).toBe(200)
    expect(await requests()).toEqual(before)
  })

  it('counts system, tools and messages of other models', async () => {
    const plain = await count('gpt')
    expect(plain.headers['x-routeiq-token-count']).toMatch(/^(?:tokenizer|estimate)$/)
    const tools = [{ name: 'get_weather', description: 'The weather.', input_schema: { type: 'object' } }]
    const counts = [
      plain,
      await count('gpt', { system: 'You are a very helpful assistant of few words.' }),
      await count('gpt', { tools }),
      await count('gpt', { messages: [...messages, { role: 'assistant', content: 'Hello!' }, ...messages] }),
    ].map((answer) => answer.json().input_tokens as number)
    for (const more of counts.slice(1)) expect(more).toBeGreaterThan(counts[0] ?? 0)
    expect(upstream.requests).toEqual([])
  })

  it('refuses what it cannot answer', async () => {
    expect((await count('nobody')).json()).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error' },
    })
    expect((await count('gpt', { messages: null })).status).toBe(400)
  })
})

describe('the models', () => {
  const list = (path: string, headers: Record<string, string>): Promise<Answer> =>
    call(gateway.url, path, { headers: { 'x-api-key': key, ...headers } })
  const version = { 'anthropic-version': '2023-06-01' }

  it('are listed in the shape of the dialect that asks', async () => {
    const ours = (await list('/v1/models', version)).json()
    expect(ours).toMatchObject({ has_more: false, first_id: 'gpt', last_id: 'marked' })
    expect(ours.data[0]).toMatchObject({ type: 'model', id: 'gpt', display_name: 'gpt' })
    expect(new Date(ours.data[0].created_at).toISOString()).toBe(ours.data[0].created_at)
    expect((await list('/v1/models/claude', version)).json()).toMatchObject({ type: 'model', id: 'claude' })
    expect((await list('/v1/models', {})).json()).toMatchObject({
      object: 'list',
      data: [{ object: 'model' }, {}, {}, {}],
    })
  })

  it('tell of errors in its words too', async () => {
    const unknown = await list('/v1/models/nobody', version)
    expect(unknown.status).toBe(404)
    expect(unknown.json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } })
    const stranger = await list('/v1/models', { ...version, 'x-api-key': 'sk-nobody' })
    expect(stranger.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
    expect((await list('/v1/models', { 'x-api-key': 'sk-nobody' })).json()).not.toHaveProperty('type')
  })
})

describe('spend', () => {
  it('is recorded for whole answers and streams, translated or not, and never for counting', async () => {
    const ids: string[] = []
    for (const model of ['gpt', 'claude'])
      for (const stream of [false, true]) {
        const answer = await post(ask(model, { stream }))
        ids.push(answer.headers['x-request-id'] ?? '')
      }
    const counted = await post({ model: 'gpt', messages }, {}, '/v1/messages/count_tokens')
    const { dataDir } = gateway
    gateway.kill('SIGTERM')
    await gateway.exited()
    const rows = (await readSpendLogs(dataDir)).filter((row) => ids.includes(row.request_id))
    expect(rows).toHaveLength(4)
    for (const row of rows)
      expect(row).toMatchObject({ input_tokens: 11, output_tokens: 7, estimated: false })
    expect(rows.some((row) => row.request_id === counted.headers['x-request-id'])).toBe(false)
  })
})
