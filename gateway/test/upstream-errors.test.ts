import net from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anthropicError, anthropicEvents, formatAnthropicStream } from './harness/anthropic-wire.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ExpectedError, expectError } from './harness/expect-error.ts'
import { freePort } from './harness/free-port.ts'
import { chatChunks, openaiError } from './harness/openai-wire.ts'
import { dataOf } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import {
  answerByteByByte,
  cutAfter,
  cutBody,
  drip,
  hang,
  hangAfter,
  resetConnection,
  respond,
  respondStream,
} from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let deaf: net.Server

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  deaf = net.createServer({ pauseOnConnect: true })
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
  const deafPort = (deaf.address() as net.AddressInfo).port
  const base = upstream.openaiBase
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', base),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude' }),
        deployment('hasty', base, { timeout: 0.3 }),
        deployment('hasty-stream', base, { stream_timeout: 0.3 }),
        deployment('refused', `http://127.0.0.1:${await freePort()}/v1`),
        deployment('nowhere', 'http://no-such-host.invalid/v1'),
        deployment('deaf', `http://127.0.0.1:${deafPort}/v1`, { timeout: 0.5 }),
      ],
      router_settings: { num_retries: 0, stream_idle_timeout: 1 },
      general_settings: { max_response_size_mb: 1 },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  deaf?.close()
})

afterEach(async () => {
  await waitUntil('nothing is left running upstream', () => upstream.pendingRequests === 0, 1000)
  upstream.reset()
})

function chat(model: string, stream = false): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { key, body: { model, messages, stream } })
}

const upstreamError = (
  status: number,
  type: string,
  code: string,
  message: string | RegExp,
): ExpectedError => ({ status, type, code, message, origin: 'upstream' })
const serverError = (message: string | RegExp): ExpectedError =>
  upstreamError(500, 'internal_server_error', '500', message)

describe('an error status', () => {
  const text = 'The words of the provider'
  const rows: readonly [number, ExpectedError][] = [
    [
      400,
      upstreamError(
        400,
        'invalid_request_error',
        '400',
        `litellm.BadRequestError: OpenAIException - ${text}`,
      ),
    ],
    [
      401,
      upstreamError(
        401,
        'authentication_error',
        'upstream_authentication_error',
        `litellm.AuthenticationError: `,
      ),
    ],
    [403, upstreamError(403, 'permission_error', '403', 'litellm.PermissionDeniedError: ')],
    [404, upstreamError(404, 'not_found_error', '404', 'litellm.NotFoundError: ')],
    [408, upstreamError(408, 'timeout_error', '408', 'litellm.Timeout: ')],
    [409, serverError('litellm.APIError: ')],
    [413, upstreamError(413, 'invalid_request_error', 'request_too_large', 'litellm.BadRequestError: ')],
    [418, upstreamError(400, 'invalid_request_error', '400', 'litellm.BadRequestError: ')],
    [422, upstreamError(422, 'invalid_request_error', '422', 'litellm.UnprocessableEntityError: ')],
    [429, upstreamError(429, 'rate_limit_error', 'rate_limit_exceeded', 'litellm.RateLimitError: ')],
    [500, serverError('litellm.InternalServerError: ')],
    [502, serverError('litellm.InternalServerError: ')],
    [503, upstreamError(503, 'service_unavailable', '503', 'litellm.ServiceUnavailableError: ')],
    [504, serverError('litellm.InternalServerError: ')],
    [529, upstreamError(503, 'service_unavailable', '503', 'litellm.ServiceUnavailableError: ')],
    [599, serverError('litellm.InternalServerError: ')],
  ]

  it.each(rows)('%i', async (status, expected) => {
    upstream.script('gpt', respond(status, openaiError(text), { 'retry-after': '7' }))
    for (const stream of [false, true]) {
      const answer = await chat('gpt', stream)
      expectError(answer, expected)
      expect(answer.json().error.message).toContain(text)
      expect(answer.headers['retry-after']).toBe('7')
      expect(answer.headers['www-authenticate']).toBeUndefined()
      expect(answer.headers['x-litellm-model-group']).toBe('gpt')
    }
  })

  it('429 and 503 without Retry-After are given one', async () => {
    for (const status of [429, 503, 529]) {
      upstream.script('gpt', respond(status, openaiError(text)))
      expect((await chat('gpt')).headers['retry-after']).toBe('1')
    }
  })

  it.each([
    ['authentication_error', 401, 'upstream_authentication_error'],
    ['rate_limit_error', 429, 'rate_limit_exceeded'],
    ['overloaded_error', 529, '503'],
    ['api_error', 500, '500'],
  ])('of Anthropic: %s', async (type, status, code) => {
    upstream.script('claude', respond(status, anthropicError(type, text)))
    const answer = await chat('claude')
    expect([answer.status, answer.json().error.code]).toEqual([status === 529 ? 503 : status, code])
    expect(answer.json().error.message).toContain(`AnthropicException - ${text}`)
  })

  it.each([
    [
      'context_length_exceeded',
      "This model's maximum context length is 8192 tokens",
      'ContextWindowExceededError',
    ],
    ['content_filter', 'Rejected by our safety system', 'ContentPolicyViolationError'],
  ])('400 with %s', async (code, words, exception) => {
    upstream.script('gpt', respond(400, openaiError(words, 'invalid_request_error', code)))
    expectError(
      await chat('gpt'),
      upstreamError(400, 'invalid_request_error', code, `litellm.${exception}: `),
    )
  })

  it('with a page, nothing or text instead of JSON', async () => {
    const page = '<!doctype html><html><body>502 Bad Gateway</body></html>'
    upstream.script('gpt', respond(502, page, { 'content-type': 'text/html' }))
    expectError(await chat('gpt'), serverError('text/html instead of JSON'))
    upstream.script('gpt', respond(500))
    expectError(await chat('gpt'), serverError('an empty body'))
    upstream.script('gpt', respond(500, 'upstream connect error', { 'content-type': 'text/plain' }))
    expectError(await chat('gpt'), serverError('upstream connect error'))
  })

  it('never repeats the credential of the provider', async () => {
    upstream.script(
      'gpt',
      respond(401, openaiError('Incorrect API key provided: sk-proj-canary1234567890abcdef.')),
    )
    const answer = await chat('gpt')
    expect(answer.status).toBe(401)
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain('canary')
  })
})

describe('status 200 with', () => {
  it.each([
    ['a page', respond(200, '<html>Log in</html>', { 'content-type': 'text/html' }), /.+/],
    ['an empty body', respond(200), 'an empty body'],
    ['half a JSON document', respond(200, '{"id":"x","choices":[{"ind'), /.+/],
    ['an array', respond(200, '[]'), /.+/],
    ['less than it announced', cutBody('{"id":"x"', 500), /.+/],
  ])('%s', async (_, step, message) => {
    for (const model of ['gpt', 'claude']) {
      upstream.script(model, step)
      expectError(await chat(model), serverError(message))
    }
  })

  it('an error', async () => {
    const body = openaiError('Slow down', 'rate_limit_error', 'rate_limit_exceeded')
    upstream.script('gpt', respond(200, body))
    expectError(await chat('gpt'), upstreamError(429, 'rate_limit_error', 'rate_limit_exceeded', 'Slow down'))
    upstream.script('claude', respond(200, anthropicError('overloaded_error', 'Overloaded')))
    expectError(await chat('claude'), upstreamError(503, 'service_unavailable', '503', 'Overloaded'))
  })

  it('more than an answer may have', async () => {
    upstream.script('gpt', respond(200, `{"x":"${'x'.repeat(1_100_000)}"}`))
    const answer = await chat('gpt')
    expect([answer.status, answer.headers['x-routeiq-error-origin']]).toEqual([502, 'upstream'])
  })
})

describe('a stream whose first event is an error', () => {
  it.each([
    ['rate_limit_error', 'rate_limit_exceeded', 429, 'rate_limit_exceeded'],
    ['server_error', null, 500, '500'],
    ['invalid_request_error', 'context_length_exceeded', 400, 'context_length_exceeded'],
  ])('OpenAI: %s', async (type, code, status, wireCode) => {
    upstream.script('gpt', respondStream(`data: ${JSON.stringify(openaiError('Sorry', type, code))}\n\n`))
    const answer = await chat('gpt', true)
    expect([answer.status, answer.json().error.code]).toEqual([status, wireCode])
    expect(answer.headers['x-routeiq-error-origin']).toBe('upstream')
  })

  it('Anthropic: overloaded_error', async () => {
    const event = { ...anthropicError('overloaded_error', 'Overloaded'), type: 'error' }
    upstream.script('claude', respondStream(formatAnthropicStream([event])))
    expectError(await chat('claude', true), upstreamError(503, 'service_unavailable', '503', 'Overloaded'))
  })

  it('an empty stream, a stream of comments, and a page', async () => {
    for (const model of ['gpt', 'claude']) {
      for (const text of ['', ': nothing\n\n', 'data: not json\n\n']) {
        upstream.script(model, respondStream(text))
        expectError(await chat(model, true), serverError(/.+/))
      }
      upstream.script(model, respond(200, '<html></html>', { 'content-type': 'text/html' }))
      expectError(await chat(model, true), serverError(/.+/))
    }
  })
})

describe('a stream that breaks', () => {
  const events = chatChunks().slice(0, 3)
  const started = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
  const anthropicStarted = formatAnthropicStream(anthropicEvents().slice(0, 4))
  const failed = openaiError('Broken inside', 'server_error')

  it.each([
    ['in the middle of an event', 'gpt', cutAfter(`${started}data: {"id":"chatc`)],
    ['between two events', 'gpt', cutAfter(started)],
    ['with a clean end but no finish', 'gpt', respondStream(started)],
    ['with an error event', 'gpt', respondStream(`${started}data: ${JSON.stringify(failed)}\n\n`)],
    ['with silence', 'gpt', hangAfter(started)],
    [
      'in the middle of an event (Anthropic)',
      'claude',
      cutAfter(`${anthropicStarted}event: content_block_d`),
    ],
    ['with a clean end but no finish (Anthropic)', 'claude', respondStream(anthropicStarted)],
    [
      'with an error event (Anthropic)',
      'claude',
      respondStream(
        anthropicStarted + formatAnthropicStream([{ ...anthropicError('api_error', 'x'), type: 'error' }]),
      ),
    ],
    ['with silence (Anthropic)', 'claude', hangAfter(anthropicStarted)],
  ])('%s ends with an error event and without [DONE]', async (_, model, step) => {
    upstream.script(model, step)
    const answer = await chat(model, true)
    expect(answer.status).toBe(200)
    const data = dataOf(answer.text)
    expect(data.length).toBeGreaterThan(1)
    expect(answer.text).not.toContain('[DONE]')
    expect(answer.text.match(/"role":"assistant"/g)).toHaveLength(1)
    expect(data.at(-1)).toMatchObject({
      error: { message: expect.any(String), type: expect.any(String), param: null, code: expect.any(String) },
    })
  })
})

describe('a stream in pieces', () => {
  const content = 'Grüße, 世界 🌍! "Quoted" and \\ back'

  it.each(['gpt', 'claude'])('%s: every byte alone gives what the whole gives', async (model) => {
    const whole = (await chatText(model, content)).text
    upstream.script(model, answerByteByByte({ content }))
    const pieces = await chat(model, true)
    expect(withoutIds(pieces.text)).toBe(withoutIds(whole))
    expect(whole).toContain('世界')
  })

  it('dripping longer than the idle timeout is no fault while bytes keep coming', async () => {
    upstream.script('gpt', drip(200, 150, { content: 'word '.repeat(12) }))
    const answer = await chat('gpt', true)
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  async function chatText(model: string, text: string): Promise<Answer> {
    upstream.script(model, drip(1_000_000, 0, { content: text }))
    return await chat(model, true)
  }
})

describe('a provider that cannot be reached', () => {
  it.each([
    ['refused', /Connection refused/],
    ['nowhere', /host name/],
  ])('%s', async (model, message) => {
    for (const stream of [false, true]) expectError(await chat(model, stream), serverError(message))
  })

  it('or that resets the connection', async () => {
    upstream.script('gpt', resetConnection())
    expectError(await chat('gpt'), serverError('litellm.APIConnectionError: '))
    expectError(await chat('gpt', true), serverError('litellm.APIConnectionError: '))
  })
})

describe('a provider that does not answer', () => {
  const timeout = upstreamError(408, 'timeout_error', '408', 'litellm.Timeout: ')

  it.each([
    ['hasty', false],
    ['hasty', true],
    ['hasty-stream', true],
  ])('%s (stream: %s)', async (model, stream) => {
    upstream.script(model, hang())
    expectError(await chat(model, stream), timeout)
  })

  it('in the middle of a plain answer', async () => {
    upstream.script('hasty', hangAfter('{"id":'))
    expectError(await chat('hasty'), timeout)
  })

  it('before the first event, although the head came', async () => {
    upstream.script('hasty-stream', hangAfter(': still thinking\n\n'))
    expectError(await chat('hasty-stream', true), timeout)
  })

  it('and does not read either', async () => {
    const body = { model: 'deaf', messages: [{ role: 'user', content: 'x'.repeat(12_000_000) }] }
    expectError(await call(gateway.url, '/v1/chat/completions', { key, body }), timeout)
  })

  it('within the time the caller gives', async () => {
    upstream.script('gpt', hang())
    const body = { model: 'gpt', messages }
    const byHeader = { 'x-litellm-timeout': '0.2' }
    expectError(
      await call(gateway.url, '/v1/chat/completions', { key, body: { ...body, timeout: 0.2 } }),
      timeout,
    )
    expectError(await call(gateway.url, '/v1/chat/completions', { key, body, headers: byHeader }), timeout)
  })
})

it('is unharmed by all of this', async () => {
  expect((await chat('gpt')).status).toBe(200)
  expect(upstream.openSockets).toBeLessThanOrEqual(20)
  expect(gateway.stdout() + gateway.stderr()).not.toMatch(/internal_error|uncaught/i)
})

function withoutIds(stream: string): string {
  return stream.replaceAll(/"id":"[^"]*"|"created":\d+/g, '')
}
