import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anthropicEvents, formatAnthropicStream } from './harness/anthropic-wire.ts'
import { type CallOptions, call, openRequest } from './harness/call-gateway.ts'
import { freePort } from './harness/free-port.ts'
import { chatChunks, formatOpenaiStream } from './harness/openai-wire.ts'
import { rawExchange } from './harness/raw-exchange.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { openStream } from './harness/read-stream.ts'
import type { ReceivedRequest } from './harness/received-request.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { cutAfter, hangAfter, respond, respondStream } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

/** A service account whose tokens the upstream gives. */
function robot(origin: string): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    type: 'service_account',
    project_id: 'p',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: 'robot@p',
    token_uri: `${origin}/token`,
  }
}

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const { origin } = upstream
  const endpoint = (path: string, target: string, more: object = {}) => ({ path, target, ...more })
  gateway = await startGateway({
    config: {
      model_list: [
        {
          model_name: 'raw-mistral',
          litellm_params: {
            model: 'mistral/any',
            api_base: `${origin}/v1`,
            api_key: 'sk-raw-mistral',
            use_in_pass_through: true,
          },
        },
        {
          model_name: 'raw-vertex',
          litellm_params: {
            model: 'vertex_ai/gemini-2.5-flash',
            api_base: origin,
            vertex_location: 'europe-west4',
            vertex_credentials: robot(origin),
            use_in_pass_through: true,
          },
        },
      ],
      general_settings: {
        pass_through_endpoints: [
          endpoint('/search', `${origin}/api/search?tenant=1`, {
            headers: { Authorization: 'Bearer sk-search', 'X-Own': 'yes' },
            cost_per_request: 0.25,
          }),
          endpoint('/tree', `${origin}/tree`, { include_subpath: true, forward_headers: true }),
          endpoint('/metadata', 'http://169.254.169.254/latest'),
          endpoint('/open', `${origin}/open`, { auth: false, headers: { 'X-Own': 'yes' } }),
          endpoint('/nobody', `http://127.0.0.1:${await freePort()}`),
          endpoint('/v1/models', `${origin}/not-this`),
        ],
      },
    },
    env: {
      ANTHROPIC_API_KEY: 'sk-operator-anthropic',
      ANTHROPIC_API_BASE: origin,
      GEMINI_API_KEY: 'operator-gemini',
      GEMINI_API_BASE: `${origin}/v1beta`,
      OPENAI_API_KEY: 'sk-operator-openai',
      OPENAI_API_BASE: `${origin}/v1`,
      AWS_BEARER_TOKEN_BEDROCK: 'operator-bedrock',
      BEDROCK_API_BASE: origin,
      AZURE_API_KEY: 'operator-azure',
      AZURE_API_BASE: origin,
      COHERE_API_KEY: 'operator-cohere',
      COHERE_API_BASE: origin,
      VLLM_API_BASE: `${origin}/v1`,
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const send = (path: string, options: CallOptions = {}) =>
  call(gateway.url, path, { key: gateway.masterKey, ...options })
const sent = (): ReceivedRequest => {
  const request = upstream.requests.at(-1)
  if (request === undefined) throw new Error('the upstream was not asked')
  return request
}

describe('a raw call', () => {
  it('leaves body and path alone and swaps the credential', async () => {
    const body = '{ "model":"claude-sonnet-4-5",\n  "max_tokens": 1e1, "x": 1.0, "messages": [] }'
    const headers = {
      'x-api-key': gateway.masterKey,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'a,b',
      'content-type': 'application/json',
      'x-litellm-tags': 'team',
      cookie: 'session=1',
    }
    const answer = await call(gateway.url, '/anthropic/v1/messages?beta=true&a=%2F', { headers, body })
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({ type: 'message', model: expect.stringContaining('claude') })
    expect(sent()).toMatchObject({ method: 'POST', path: '/v1/messages?beta=true&a=%2F', body })
    expect(sent().headers).toMatchObject({
      'x-api-key': 'sk-operator-anthropic',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'a,b',
    })
    expect(Object.keys(sent().headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:authorization|cookie|x-litellm-tags)$/)]),
    )
    expect(sent().rawHeaders.join()).not.toContain(gateway.masterKey)
  })

  it.each([
    [
      '/gemini/v1beta/models/gemini-2.5-pro:generateContent',
      '/v1beta/models/gemini-2.5-pro:generateContent',
      'x-goog-api-key',
      'operator-gemini',
    ],
    ['/openai_passthrough/v1/responses', '/v1/responses', 'authorization', 'Bearer sk-operator-openai'],
    [
      '/bedrock/model/anthropic.claude-v2%3A1/invoke',
      '/model/anthropic.claude-v2%3A1/invoke',
      'authorization',
      'Bearer operator-bedrock',
    ],
    [
      '/azure/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
      '/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
      'api-key',
      'operator-azure',
    ],
    ['/cohere/v2/rerank', '/v2/rerank', 'authorization', 'Bearer operator-cohere'],
    ['/mistral/v1/fim/completions', '/v1/fim/completions', 'authorization', 'Bearer sk-raw-mistral'],
  ])('%s reaches %s with its own kind of key', async (path, upstreamPath, header, value) => {
    upstream.script('', respond(200, { ok: true }))
    expect((await send(path, { body: '{"documents":[]}' })).status).toBe(200)
    expect(sent().path).toBe(upstreamPath)
    expect(sent().headers[header]).toBe(value)
    expect(sent().rawHeaders.join()).not.toContain(gateway.masterKey)
  })

  it('logs in where the account has no key', async () => {
    upstream.script('', respond(200, { access_token: 'granted', expires_in: 3600 }))
    const path = '/v1/projects/p/locations/europe-west4/datasets'
    expect((await send(`/vertex_ai${path}`)).status).toBe(200)
    expect(sent()).toMatchObject({ path, headers: { authorization: 'Bearer granted' } })
    expect(sent().rawHeaders.join()).not.toContain(gateway.masterKey)
  })

  it('needs no key where the provider has none', async () => {
    upstream.script('', respond(200, { ok: true }))
    await send('/vllm/v1/models')
    expect(sent()).toMatchObject({ method: 'GET', path: '/v1/models' })
    expect(sent().headers).not.toHaveProperty('authorization')
  })

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('may be a %s', async (method) => {
    upstream.script('', respond(200, { ok: true }))
    expect((await send('/anthropic/v1/files/f1', { method })).status).toBe(200)
    expect(sent()).toMatchObject({ method, path: '/v1/files/f1' })
  })

  it('does not pass on a key in the query', async () => {
    upstream.script('', respond(200, {}))
    await send(`/gemini/v1beta/models?key=${gateway.masterKey}&k%65y=x&pageSize=2`)
    expect(sent().path).toBe('/v1beta/models?pageSize=2')
  })

  it('gives the provider’s status, headers and body, without cookies and challenges', async () => {
    upstream.script(
      '',
      respond(429, '{"type":"error","odd": 1.0}', {
        'retry-after': '7',
        'anthropic-ratelimit-requests-remaining': '0',
        'set-cookie': 'a=b',
        'www-authenticate': 'Bearer realm="inner"',
      }),
    )
    const answer = await send('/anthropic/v1/messages', { body: '{}' })
    expect(answer.status).toBe(429)
    expect(answer.text).toBe('{"type":"error","odd": 1.0}')
    expect(answer.headers).toMatchObject({
      'retry-after': '7',
      'anthropic-ratelimit-requests-remaining': '0',
    })
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect(answer.headers).not.toHaveProperty('www-authenticate')
    expect(answer.headers['x-routeiq-version']).toMatch(/\d/)
  })

  it('streams events byte for byte', async () => {
    const text = `: comment\r\n\r\n${formatAnthropicStream(anthropicEvents({}))}`
    upstream.script('claude-sonnet-4-5', respondStream(text))
    const answer = await send('/anthropic/v1/messages', {
      body: '{"model":"claude-sonnet-4-5","stream":true}',
    })
    expect(answer.text).toBe(text)
    expect(answer.headers['content-type']).toContain('event-stream')
  })

  it('passes a large body on', async () => {
    upstream.script('', respond(200, { ok: true }))
    const body = Buffer.alloc(9 * 1024 * 1024, 'x')
    expect(
      (await send('/anthropic/v1/files', { body, headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(200)
    expect(sent().bytes.equals(body)).toBe(true)
  })

  it('ends the provider’s call when the client leaves', async () => {
    upstream.script('', hangAfter('data: {}\n\n'))
    const stream = await openStream(gateway.url, '/anthropic/v1/messages', {
      key: gateway.masterKey,
      body: '{}',
    })
    await waitUntil('the first event is here', () => stream.text().includes('data'))
    stream.leave()
    await waitUntil('the provider’s call is over', () => upstream.pendingRequests === 0)
  })

  it('breaks off when the provider does', async () => {
    upstream.script('', cutAfter('data: {}\n\n'))
    const request = openRequest(gateway.url, '/anthropic/v1/messages', { key: gateway.masterKey, body: '{}' })
    const ended = await new Promise<string>((resolve) => {
      request.on('response', (response) => {
        response.on('error', () => resolve('broken'))
        response.on('end', () => resolve('whole'))
        response.resume()
      })
      request.on('error', () => resolve('broken'))
    })
    expect(ended).toBe('broken')
  })
})

describe('what a raw call may not do', () => {
  it('reach another path than it says, in any spelling', async () => {
    for (const path of [
      '/anthropic/../openai_passthrough/v1/models',
      '/anthropic/v1/../../x',
      '/anthropic/%2e%2e/x',
      '/anthropic/v1/%2E%2E%2Fx',
      '/anthropic/v1/a%2F..%2Fb',
      '/anthropic//evil.example/x',
      '/%61nthropic/v1/messages',
      '/anthropic/v1/%00',
      '/anthropic/v1/a\\..\\b',
      '/anthropic',
    ]) {
      const answer = await rawExchange(
        gateway.port,
        `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.masterKey}\r\nconnection: close\r\n\r\n`,
      )
      expect(answer.status, path).toBe(404)
    }
    expect(upstream.requests).toEqual([])
  })

  it('follow a redirect or show where it leads', async () => {
    upstream.script('', respond(302, '', { location: 'http://169.254.169.254/secret' }))
    const answer = await send('/anthropic/v1/messages', { body: '{}' })
    expect(answer.status).toBe(500)
    expect(answer.text).toContain('redirected')
    expect(JSON.stringify([answer.headers, answer.text])).not.toContain('169.254')
    expect(upstream.requests).toHaveLength(1)
  })

  it('go without a key, or with one that is limited to models or routes', async () => {
    expect((await call(gateway.url, '/anthropic/v1/models')).status).toBe(401)
    const limited = await gateway.createKey({ models: ['raw-mistral'] })
    expect((await send('/anthropic/v1/models', { key: limited.key })).status).toBe(403)
    const routes = await gateway.createKey({ allowed_routes: ['/chat/completions'] })
    expect((await send('/anthropic/v1/models', { key: routes.key })).status).toBe(403)
    expect(upstream.requests).toEqual([])
  })

  it('go where a key with pass-through routes of its own may not', async () => {
    const { key } = await gateway.createKey({ allowed_passthrough_routes: ['/search', '/anthropic/v1/*'] })
    const statusOf = async (path: string) => (await send(path, { key })).status
    expect([await statusOf('/search?q=1'), await statusOf('/anthropic/v1/models')]).toEqual([200, 200])
    const asked = upstream.requests.length
    for (const path of [
      '/tree/a',
      '/openai_passthrough/models',
      '/anthropic/v2/models',
      '/%61nthropic/v1/models',
    ])
      expect([path, await statusOf(path)]).toEqual([path, 403])
    expect(upstream.requests.length).toBe(asked)
    expect((await send('/v1/models', { key })).status).toBe(200)
    await send('/key/update', { body: { key, allowed_passthrough_routes: ['/tree/*'] } })
    expect([await statusOf('/tree/a'), await statusOf('/search')]).toEqual([200, 403])
    const wrong = await send('/key/generate', { body: { allowed_passthrough_routes: '/tree' } })
    expect(wrong.status).toBe(422)
  })

  it('reach a provider without an account, or an address nobody may call', async () => {
    const unconfigured = await send('/azure_ai/v1/models')
    expect(unconfigured.status).toBe(404)
    expect(unconfigured.text).toContain('no key of azure_ai')
    const metadata = await send('/metadata', { body: '{}' })
    expect(metadata.status).toBe(404)
    expect(metadata.text).toContain('may not be called')
  })

  it('hide that the provider is not there', async () => {
    const answer = await send('/nobody', { body: '{}' })
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(answer.text).not.toContain('127.0.0.1')
  })
})

describe('endpoints of the operator', () => {
  it('get the configured headers and nothing else of the client', async () => {
    upstream.script('', respond(200, { ok: true }))
    await send('/search?q=fox', {
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'x-mine': '1' },
    })
    expect(sent().path).toBe('/api/search?tenant=1&q=fox')
    expect(sent().headers).toMatchObject({ authorization: 'Bearer sk-search', 'x-own': 'yes' })
    expect(sent().headers).not.toHaveProperty('x-mine')
    expect((await send('/search/below')).status).toBe(404)
  })

  it('may take subpaths and the client’s headers, never its credential', async () => {
    upstream.script('', respond(200, { ok: true }))
    await send('/tree/a/b?x=1', { headers: { 'x-mine': '1', 'x-copy': `token ${gateway.masterKey}` } })
    expect(sent().path).toBe('/tree/a/b?x=1')
    expect(sent().headers['x-mine']).toBe('1')
    expect(sent().rawHeaders.join()).not.toContain(gateway.masterKey)
  })

  it('are open to everybody where the operator says so, and only there', async () => {
    upstream.script('', respond(200, { ok: true }))
    expect((await call(gateway.url, '/open', { body: '{}' })).json()).toEqual({ ok: true })
    expect(sent()).toMatchObject({ path: '/open', headers: { 'x-own': 'yes' } })
    expect((await call(gateway.url, '/open', { key: 'sk-nobody', body: '{}' })).status).toBe(200)
    expect(sent().rawHeaders.join()).not.toContain('sk-nobody')
    for (const path of ['/open/below', '/search', '/tree/a'])
      expect((await call(gateway.url, path)).status).not.toBe(200)
    expect(gateway.stdout() + gateway.stderr()).toMatch(/everybody .* may call this endpoint/)
  })

  it('do not take the place of a documented route', async () => {
    expect((await send('/v1/models')).json()).toMatchObject({ object: 'list' })
    expect(upstream.requests).toEqual([])
  })
})

describe('spend', () => {
  it('is recorded with what the answers tell', async () => {
    const options = (id: string, body: object | string) => ({ headers: { 'x-request-id': id }, body })
    upstream.script('claude-sonnet-4-5', respondStream(formatAnthropicStream(anthropicEvents({}))))
    await send('/anthropic/v1/messages', options('raw-claude', { model: 'claude-sonnet-4-5', stream: true }))
    upstream.script('gpt-4o-mini', respondStream(formatOpenaiStream(chatChunks({}, true))))
    await send(
      '/openai_passthrough/v1/chat/completions',
      options('raw-gpt', { model: 'gpt-4o-mini', stream: true }),
    )
    upstream.script('', respond(200, { ok: true }))
    await send('/search', options('raw-search', '{}'))
    upstream.script('', respond(500, { error: 'x' }))
    await send('/anthropic/v1/messages', options('raw-failed', '{}'))
    await gateway.restart()
    const dataDir = gateway.dataDir
    gateway.kill('SIGTERM')
    await gateway.exited()
    const rows = await readSpendLogs(dataDir)
    const row = (id: string) => rows.find(({ request_id }) => request_id === id)
    expect(row('raw-claude')).toMatchObject({ status: 200, requested_model: 'claude-sonnet-4-5' })
    expect(row('raw-claude')?.input_tokens).toBeGreaterThan(0)
    expect(row('raw-claude')?.output_tokens).toBeGreaterThan(0)
    expect(Number(row('raw-claude')?.cost_nano_usd)).toBeGreaterThan(0)
    // 11 tokens in at 150 and 7 out at 600 nano-dollars.
    expect(row('raw-gpt')).toMatchObject({ input_tokens: 11, output_tokens: 7 })
    expect(Number(row('raw-gpt')?.cost_nano_usd)).toBe(11 * 150 + 7 * 600)
    expect(Number(row('raw-search')?.cost_nano_usd)).toBe(250_000_000)
    expect(row('raw-failed')).toMatchObject({ status: 500, cost_nano_usd: null })
  })
})
