import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { rawExchange } from './harness/raw-exchange.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [deployment('gpt', upstream.openaiBase)],
      general_settings: { max_request_size_mb: 1 },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function chat(body: object | string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { key, headers, body })
}

const invalid = { status: 400, type: 'invalid_request_error', code: '400' }
const tooLarge = { status: 413, type: 'invalid_request_error', code: 'request_too_large' }
const nested = (depth: number): string =>
  `{"model":"gpt","messages":[{"role":"user","content":"x"}],"extra":${'['.repeat(depth)}${']'.repeat(depth)}}`

describe('what is no JSON object', () => {
  it.each([
    ['nothing', ''],
    ['blank', '   '],
    ['half an object', '{"model":"gpt","messages":['],
    ['a trailing comma', '{"model":"gpt",}'],
    ['two objects', '{}{}'],
    ['an array', '[]'],
    ['a string', '"text"'],
    ['null', 'null'],
    ['a form', 'model=gpt&messages=x'],
    ['NaN', '{"model":"gpt","messages":[],"temperature":NaN}'],
    [
      'invalid UTF-8',
      Buffer.from([...Buffer.from('{"model":"gpt","x":"'), 0xff, 0xfe, ...Buffer.from('"}')]),
    ],
    ['an overlong UTF-8 form', Buffer.from([...Buffer.from('{"model":"'), 0xc0, 0xaf, ...Buffer.from('"}')])],
    ['UTF-16', Buffer.from('{"model":"gpt"}', 'utf16le')],
    ['NUL bytes', Buffer.alloc(64)],
  ])('%s', async (_, body) => {
    expectError(await chat(body), invalid)
  })

  it('levels beyond 64', async () => {
    expect((await chat(nested(63))).status).toBe(200)
    expectError(await chat(nested(64)), { ...invalid, message: '64' })
    expectError(await chat(nested(200_000)), invalid)
  })
})

describe('members of the wrong type', () => {
  it.each([
    ['no model', { messages }, 'model'],
    ['an empty model', { model: '', messages }, 'model'],
    ['a number as model', { model: 4, messages }, 'model'],
    ['a list as model', { model: ['gpt'], messages }, 'model'],
    ['no messages', { model: 'gpt' }, 'messages'],
    ['null messages', { model: 'gpt', messages: null }, 'messages'],
    ['messages as text', { model: 'gpt', messages: 'Hello' }, 'messages'],
    ['stream as text', { model: 'gpt', messages, stream: 'yes' }, 'stream'],
    ['a negative number of retries', { model: 'gpt', messages, num_retries: -1 }, 'num_retries'],
    ['a timeout that is no number', { model: 'gpt', messages, timeout: 'soon' }, 'timeout'],
    ['a fallback without a model', { model: 'gpt', messages, fallbacks: [{}] }, 'fallbacks[0]'],
  ])('%s', async (_, body, param) => {
    expectError(await chat(body), { ...invalid, param })
  })

  it.each([
    ['/v1/completions', { model: 'gpt' }, 'prompt'],
    ['/v1/embeddings', { model: 'gpt' }, 'input'],
    ['/v1/engines/gpt/chat/completions', {}, 'messages'],
  ])('%s', async (path, body, param) => {
    expectError(await call(gateway.url, path, { key, body }), { ...invalid, param })
  })

  it('an unknown model', async () => {
    expectError(await chat({ model: 'no-such-model', messages }), {
      ...invalid,
      message: 'Invalid model name passed in model=no-such-model. Call `/v1/models` to view available models',
    })
  })

  it('what the gateway does not know goes upstream as it came', async () => {
    const unknown = { x_unknown: { deep: [1, 2.5, 'ü', null] }, logit_bias: { '50256': -100 } }
    upstream.reset()
    expect((await chat({ model: 'gpt', messages, ...unknown })).status).toBe(200)
    expect(upstream.requests[0]?.json).toMatchObject(unknown)
  })

  it('names of the prototype are members like others', async () => {
    upstream.reset()
    const body =
      '{"model":"gpt","messages":[],"__proto__":{"stream":true},"constructor":{"prototype":{"x":1}}}'
    expect((await chat(body)).json().object).toBe('chat.completion')
    expect(upstream.requests[0]?.json['stream']).toBeUndefined()
  })
})

describe('sizes', () => {
  const limit = 1024 * 1024
  const sized = (bytes: number): string => {
    const [start, end] = ['{"model":"gpt","messages":[],"x":"', '"}']
    return start + 'x'.repeat(bytes - start.length - end.length) + end
  }

  it('a body of exactly the limit passes and one byte more does not', async () => {
    expect((await chat(sized(limit))).status).toBe(200)
    expectError(await chat(sized(limit + 1)), tooLarge)
  })

  it('an announced body is refused before it is sent, and the connection closed', async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n`
    const answer = await rawExchange(gateway.port, `${head}content-length: 99999999\r\n\r\n{`, {
      waitForCloseMs: 500,
    })
    expectError(answer, tooLarge)
    expect(answer.headers['connection']).toBe('close')
    expect(answer.closed).toBe(true)
  })

  it('a chunked body is refused when it has become too large, and the connection closed', async () => {
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n`
    const chunk = `${limit.toString(16)}\r\n${'x'.repeat(limit)}\r\n`
    const answer = await rawExchange(
      gateway.port,
      `${head}transfer-encoding: chunked\r\n\r\n${chunk}1\r\nx\r\n`,
      {
        waitForCloseMs: 500,
      },
    )
    expectError(answer, tooLarge)
    expect(answer.closed).toBe(true)
  })

  it('a body for the control plane has a limit of its own', async () => {
    const body = { metadata: { text: 'x'.repeat(limit) } }
    expectError(await call(gateway.url, '/key/generate', { key, body }), tooLarge)
  })

  it('a long URL', async () => {
    const path = (length: number): string => `/v1/models?${'x'.repeat(length - '/v1/models?'.length)}`
    expect((await call(gateway.url, path(8192), { key })).status).toBe(200)
    expectError(await call(gateway.url, path(8193), { key }), {
      status: 414,
      type: 'invalid_request_error',
      code: '414',
    })
  })

  const headersTooLarge = { status: 431, type: 'invalid_request_error', code: '431' }

  it('a large header', async () => {
    const headers = (length: number) => ({ 'x-large': 'x'.repeat(length) })
    expect((await call(gateway.url, '/v1/models', { key, headers: headers(16_384) })).status).toBe(200)
    expectError(await call(gateway.url, '/v1/models', { key, headers: headers(16_385) }), headersTooLarge)
    expectError(await call(gateway.url, '/v1/models', { key, headers: headers(40_000) }), headersTooLarge)
  })

  it('many headers', async () => {
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'y']))
    expect((await call(gateway.url, '/v1/models', { key, headers: headers(90) })).status).toBe(200)
    expectError(await call(gateway.url, '/v1/models', { key, headers: headers(101) }), headersTooLarge)
    expectError(await call(gateway.url, '/v1/models', { key, headers: headers(2500) }), headersTooLarge)
  })
})

describe('compressed bodies', () => {
  const body = JSON.stringify({ model: 'gpt', messages })

  it.each([
    ['gzip', gzipSync(body)],
    ['br', brotliCompressSync(body)],
    ['identity', Buffer.from(body)],
  ])('%s is unpacked', async (encoding, bytes) => {
    upstream.reset()
    expect((await chat(bytes, { 'content-encoding': encoding })).status).toBe(200)
    expect(upstream.requests[0]?.headers['content-encoding']).toBeUndefined()
    expect(upstream.requests[0]?.json['messages']).toEqual(messages)
  })

  it('a bomb is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20))
    expectError(await chat(bomb, { 'content-encoding': 'gzip' }), tooLarge)
    expectError(
      await chat(brotliCompressSync(Buffer.alloc(9_000_000)), { 'content-encoding': 'br' }),
      tooLarge,
    )
  })

  it('what is not what it says is refused', async () => {
    expectError(await chat(body, { 'content-encoding': 'gzip' }), invalid)
    expectError(await chat(gzipSync(body).subarray(0, 20), { 'content-encoding': 'gzip' }), invalid)
  })

  it('an unknown encoding is refused', async () => {
    const expected = { status: 415, type: 'invalid_request_error', code: '415' }
    expectError(await chat(body, { 'content-encoding': 'zstd' }), expected)
    expectError(await chat(body, { 'content-encoding': 'constructor' }), expected)
  })
})

describe('what is not HTTP', () => {
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a header without a colon', 'GET /v1/models HTTP/1.1\r\nhost: x\r\nnonsense\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx',
    ],
    [
      'a length and chunks',
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a NUL in the path', 'GET /v1/mod\0els HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a NUL in a header', 'GET /v1/models HTTP/1.1\r\nhost: x\r\nx-a: b\0c\r\n\r\n'],
  ])('%s', async (_, text) => {
    const answer = await rawExchange(gateway.port, text, { waitForCloseMs: 500 })
    expectError(answer, invalid)
    expect(answer.closed).toBe(true)
  })
})

it('a request without a host is refused', async () => {
  expectError(await rawExchange(gateway.port, 'GET /v1/models HTTP/1.1\r\n\r\n'), invalid)
})

describe('the control plane', () => {
  it.each([
    ['broken JSON', '{"models":'],
    ['a wrong type', { models: 'gpt' }],
    ['a duration without a unit', { duration: '30' }],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('%s is 422 with the fields', async (_, body) => {
    const answer = await call(gateway.url, '/key/generate', { key, body })
    expectError(answer, { status: 422, type: 'invalid_request_error', code: 'validation_error' })
    expect(answer.json().detail).toBeInstanceOf(Array)
  })
})

it('is unharmed by all of this', async () => {
  expect((await chat({ model: 'gpt', messages })).status).toBe(200)
  expect(gateway.stdout() + gateway.stderr()).not.toMatch(/internal_error|uncaught/i)
})
