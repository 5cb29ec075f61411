import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError, expectErrorHeaders } from './harness/expect-error.ts'
import { rawExchange } from './harness/raw-exchange.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase),
        deployment('org/gpt', upstream.openaiBase, { model: 'openai/org-gpt' }),
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function expectNotFound(answer: Omit<Answer, 'json'>): void {
  expect({ status: answer.status, body: answer.text }).toEqual({
    status: 404,
    body: JSON.stringify({
      detail: 'Not Found',
      error: { message: 'Not Found', type: 'not_found_error', param: null, code: '404' },
    }),
  })
  expectErrorHeaders(answer, 'gateway')
}

const chat = { model: 'gpt', messages }
const posts: readonly [string, object][] = [
  ['/chat/completions', chat],
  ['/completions', { model: 'gpt', prompt: 'Hello' }],
  ['/embeddings', { model: 'gpt', input: 'Hello' }],
  ['/engines/gpt/chat/completions', { messages }],
  ['/engines/gpt/completions', { prompt: 'Hello' }],
  ['/engines/gpt/embeddings', { input: 'Hello' }],
  ['/key/generate', {}],
]
const gets = [
  '/models',
  '/models/gpt',
  '/health',
  '/health/liveliness',
  '/health/liveness',
  '/health/readiness',
  '/config/status',
  '/key/list',
]

describe('every documented path answers', () => {
  it.each(posts)('POST %s', async (path, body) => {
    for (const spelling of [path, `/v1${path}`, `/v1/v1${path}`])
      expect([spelling, (await call(gateway.url, spelling, { key, body })).status]).toEqual([spelling, 200])
  })

  it.each([
    ['chat/completions', { messages }],
    ['completions', { prompt: 'Hello' }],
    ['embeddings', { input: 'Hello' }],
  ])('POST /openai/deployments/gpt/%s', async (operation, body) => {
    const path = `/openai/deployments/gpt/${operation}?api-version=2024-10-21`
    expect((await call(gateway.url, path, { headers: { 'api-key': key }, body })).status).toBe(200)
  })

  it.each(gets)('GET and HEAD %s', async (path) => {
    for (const spelling of [path, `${path}/`, `/v1${path}`, `/v1/v1${path}`, `${path}?some=query`]) {
      const answer = await call(gateway.url, spelling, { key })
      expect([spelling, answer.status]).toEqual([spelling, 200])
      const head = await call(gateway.url, spelling, { key, method: 'HEAD' })
      expect([head.status, head.text]).toEqual([200, ''])
      expect(head.headers['content-type']).toBe(answer.headers['content-type'])
    }
  })

  it.each(['/_health/live', '/_health/ready', '/_health/models', '/metrics'])(
    'GET and HEAD %s',
    async (path) => {
      expect((await call(gateway.url, path)).status).toBe(200)
      const head = await call(gateway.url, path, { method: 'HEAD' })
      expect([head.status, head.text]).toEqual([200, ''])
    },
  )

  it('a trailing slash keeps the body of a POST', async () => {
    const answer = await call(gateway.url, '/v1/chat/completions/', { key, body: chat })
    expect(answer.json().choices[0].message.content).toBe('Hello from the upstream.')
  })

  it('a model name may hold an encoded slash', async () => {
    for (const path of ['/v1/models/org%2Fgpt', '/v1/models/org/gpt'])
      expect((await call(gateway.url, path, { key })).json().id).toBe('org/gpt')
    const answer = await call(gateway.url, '/v1/engines/org%2Fgpt/chat/completions', {
      key,
      body: { messages },
    })
    expect(answer.json().model).toBe('org/gpt')
  })
})

describe('paths that lead nowhere', () => {
  it.each([
    '/',
    '/nowhere',
    '/v1',
    '/v1/nowhere',
    '/V1/models',
    '/v1/Models',
    '//v1/models',
    '/v1//models',
    '/v1/models//',
    '/v1/./models',
    '/v1/x/../models',
    '/v1/%2e/models',
    '/v1/%2e%2e/v1/models',
    '/v1/models/%2e%2e',
    '/v1/models/..%2f..%2fetc',
    '/v1/mod%00els',
    '/v1/models/%00',
    '/v1/models%00',
    '/v1/models/%0d%0ax',
    '/v1/%252e%252e/models',
    '/v1/%2576%2531/models',
    '/v1/models/%zz',
    '/v1/models/%ff%fe',
    '/v1%2fmodels',
    '/v1\\models',
  ])('%s', async (path) => {
    expectNotFound(await call(gateway.url, path, { key }))
  })

  it('a model whose name is encoded twice is a model that does not exist', async () => {
    const answer = await call(gateway.url, '/v1/models/org%252Fgpt', { key })
    expectError(answer, { status: 404, type: 'not_found_error', code: '404', param: 'model' })
  })

  it('a path with other targets than an origin form', async () => {
    for (const target of ['*', 'http://example.com/v1/models', 'v1/models']) {
      const answer = await rawExchange(
        gateway.port,
        `GET ${target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nconnection: close\r\n\r\n`,
      )
      expect([target, answer.status]).toEqual([
        target,
        expect.toSatisfy((status) => [400, 404].includes(status)),
      ])
    }
  })
})

describe('a wrong method', () => {
  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/chat/completions', 'POST'],
    ['PUT', '/embeddings', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/gpt', 'GET, HEAD'],
    ['POST', '/_health/live', 'GET, HEAD'],
    ['GET', '/key/generate', 'POST'],
    ['OPTIONS', '/v1/models', 'GET, HEAD'],
    ['TRACE', '/v1/models', 'GET, HEAD'],
  ])('%s %s', async (method, path, allow) => {
    const answer = await call(gateway.url, path, { key, method })
    expect([answer.status, answer.json().detail]).toEqual([405, 'Method Not Allowed'])
    expect(answer.headers['allow']).toBe(allow)
    expectErrorHeaders(answer, 'gateway')
  })

  it('is not changed by an override header', async () => {
    const headers = { 'x-http-method-override': 'POST' }
    expect((await call(gateway.url, '/key/generate', { key, headers })).status).toBe(405)
  })
})

describe('request ids', () => {
  it('are kept when they are safe', async () => {
    const headers = { 'x-request-id': 'my-id_1.2' }
    for (const path of ['/v1/models', '/nowhere', '/_health/live'])
      expect((await call(gateway.url, path, { key, headers })).headers['x-request-id']).toBe('my-id_1.2')
  })

  it.each(['with space', 'a'.repeat(129), 'new;line', 'ä'])(
    'are replaced when they are not (%#)',
    async (id) => {
      const headers = { 'x-request-id': Buffer.from(id, 'utf8').toString('latin1') }
      const answer = await call(gateway.url, '/v1/models', { key, headers })
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    },
  )
})
