import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import {
  formatGeminiStream,
  geminiAnswer,
  geminiError,
  geminiPiece,
  geminiPieces,
} from './harness/gemini-wire.ts'
import { chatChunks, formatOpenaiStream } from './harness/openai-wire.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { after, respond, respondStream } from './harness/steps.ts'

const upstreamModel = 'gemini-2.5-flash'
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase),
        deployment('vendor/team/gpt', upstream.openaiBase),
        deployment('flash', upstream.geminiBase, { model: `gemini/${upstreamModel}` }),
        deployment('warm', upstream.geminiBase, {
          model: 'gemini/gemini-2.5-warm',
          temperature: 0.7,
          max_tokens: 99,
        }),
        deployment('tunedModels/mine', upstream.geminiBase, { model: 'gemini/tunedModels/mine' }),
        deployment('google/*', upstream.geminiBase, { model: 'gemini/*' }),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
      litellm_settings: { sse_keepalive_ping_interval_seconds: 0.05 },
    },
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const body = { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }
const goog = { 'x-goog-api-key': key }
const post = (path: string, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { body, headers: goog, ...options })
const generate = (model: string, options: CallOptions = {}): Promise<Answer> =>
  post(`/v1beta/models/${model}:generateContent`, options)

describe('the routes of generateContent', () => {
  it.each([
    '/v1beta/models/gpt:generateContent',
    '/v1/models/gpt:generateContent',
    '/models/gpt:generateContent',
    '/v1beta/models/models/gpt:generateContent',
    '/v1beta/models/publishers/google/models/gpt:generateContent',
    '/v1beta/publishers/google/models/gpt:generateContent',
    '/v1beta1/projects/p/locations/global/publishers/google/models/gpt:generateContent',
    '/v1beta/models/vendor/team/gpt:generateContent',
    '/v1beta/models/vendor%2Fteam%2Fgpt:generateContent',
  ])('answer at %s', async (path) => {
    const answer = await post(path)
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({
      candidates: [{ content: { parts: [{ text: 'Hello from the upstream.' }] }, finishReason: 'STOP' }],
    })
  })

  it('reach a tuned model, and the models of a wildcard', async () => {
    expect((await post('/v1beta/tunedModels/mine:generateContent')).status).toBe(200)
    expect((await generate('google/gemini-9-new')).status).toBe(200)
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      '/v1beta/tunedModels/mine:generateContent',
      '/v1beta/models/gemini-9-new:generateContent',
    ])
  })

  it.each([
    ['in its own header', { headers: goog }, ''],
    ['as a bearer token', { headers: {}, key }, ''],
    ['in the query', { headers: {} }, `?key=${key}`],
  ])('take the key %s, and keep it', async (_, options, query) => {
    const answer = await post(`/v1beta/models/flash:generateContent${query}`, options)
    expect(answer.status).toBe(200)
    const [sent] = upstream.requests
    expect(sent?.path).toBe(`/v1beta/models/${upstreamModel}:generateContent`)
    expect(sent?.headers['x-goog-api-key']).toBe('sk-upstream')
    expect(sent?.rawHeaders.join(' ')).not.toContain(key)
    expect(gateway.stdout() + gateway.stderr()).not.toContain(key)
  })

  it('are closed to a key that may only look', async () => {
    const { key: looking } = await gateway.createKey({ allowed_routes: ['info_routes'] })
    const headers = { 'x-goog-api-key': looking }
    expect((await call(gateway.url, '/v1beta/models', { headers })).status).toBe(200)
    const answer = await generate('flash', { headers })
    expect(answer.status).toBe(403)
    expect(answer.json()).toMatchObject({ error: { status: 'PERMISSION_DENIED' } })
  })

  it('do not take a key in the query elsewhere', async () => {
    expect((await call(gateway.url, `/v1/models?key=${key}`)).status).toBe(401)
  })

  it.each([
    ['no key', 'gpt', {}, body, 401, 'UNAUTHENTICATED'],
    ['a bad key', 'gpt', { 'x-goog-api-key': 'sk-nobody' }, body, 401, 'UNAUTHENTICATED'],
    ['an unknown model', 'nobody', goog, body, 404, 'NOT_FOUND'],
    ['a body that is not JSON', 'gpt', goog, '{', 400, 'INVALID_ARGUMENT'],
    ['no contents', 'gpt', goog, {}, 400, 'INVALID_ARGUMENT'],
    ['contents of no kind', 'gpt', goog, { contents: 5 }, 400, 'INVALID_ARGUMENT'],
  ])('refuse %s in the envelope of the dialect', async (_, model, headers, sent, status, word) => {
    const answer = await generate(model, { headers, body: sent })
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({
      error: { code: status, status: word, message: expect.any(String), details: [] },
    })
    expect(upstream.requests).toEqual([])
  })

  it('do not know another verb', async () => {
    expect((await post('/v1beta/models/gpt:predict')).status).toBe(405)
  })

  it.each([false, true])('pass on the provider’s refusal, stream %s', async (stream) => {
    upstream.script(upstreamModel, respond(429, geminiError(429, 'RESOURCE_EXHAUSTED', 'Slow down.')))
    const verb = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
    const answer = await post(`/v1beta/models/flash:${verb}`)
    expect(answer.status).toBe(429)
    expect(answer.json()).toMatchObject({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } })
    expect(answer.text).toContain('Slow down.')
  })
})

describe('the dialect on its own wire', () => {
  const odd = `{ "contents":[{"role":"user","parts":[{"text":"Hi","newThing":1.50}]}],\n "unknown" : {"é":[]},"generationConfig":{"topK":7}}`

  it('sends the client’s bytes and gives back the provider’s', async () => {
    const whole = JSON.stringify({ ...geminiAnswer(), brand_new: { kept: true } }, null, 1)
    upstream.script(upstreamModel, respond(200, whole))
    const answer = await generate('flash', { body: odd })
    expect(upstream.requests[0]?.body).toBe(odd)
    expect(answer.text).toBe(whole)
  })

  it('does the same with a stream', async () => {
    const events = formatGeminiStream([...geminiPieces(), geminiPiece([{ brandNew: {} }])])
    upstream.script(upstreamModel, respondStream(events))
    const answer = await post('/v1beta/models/flash:streamGenerateContent?alt=sse', { body: odd })
    expect(upstream.requests[0]).toMatchObject({
      body: odd,
      path: `/v1beta/models/${upstreamModel}:streamGenerateContent?alt=sse`,
    })
    expect(answer.text).toBe(events)
    expect(answer.headers['content-type']).toContain('text/event-stream')
  })

  it('is a JSON array for a client that did not ask for events', async () => {
    const answer = await post('/v1beta/models/flash:streamGenerateContent')
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json()).toEqual(geminiPieces())
  })

  it('takes what the operator configured, below what the client says', async () => {
    await generate('warm', { body: { ...body, generationConfig: { temperature: 0.1 } } })
    expect(upstream.requests[0]?.json).toEqual({
      ...body,
      generationConfig: { temperature: 0.1, maxOutputTokens: 99 },
    })
  })

  it('counts tokens at the provider, and here when it does not answer', async () => {
    upstream.script(upstreamModel, respond(200, { totalTokens: 77 }), respond(500, ''))
    const counted = { generateContentRequest: { model: 'models/flash', ...body } }
    const native = await post('/v1beta/models/flash:countTokens', { body: counted })
    expect(native.json()).toEqual({ totalTokens: 77 })
    expect(upstream.requests[0]).toMatchObject({
      path: `/v1beta/models/${upstreamModel}:countTokens`,
      json: { generateContentRequest: { model: `models/${upstreamModel}` } },
    })
    const local = await post('/v1beta/models/flash:countTokens')
    expect(local.json().totalTokens).toBeGreaterThan(0)
  })
})

describe('the dialect on another wire', () => {
  it('is a JSON array for a client that did not ask for events', async () => {
    const answer = await post('/v1beta/models/gpt:streamGenerateContent')
    expect(answer.headers['content-type']).toBe('application/json')
    const pieces = answer.json() as { candidates: { finishReason?: string }[] }[]
    expect(pieces).toHaveLength(5)
    expect(pieces.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 11 },
    })
  })

  it('waits for the first piece of an array in silence', async () => {
    upstream.script('gpt', after(200, respondStream(formatOpenaiStream(chatChunks()))))
    const answer = await post('/v1beta/models/gpt:streamGenerateContent')
    expect(answer.text).toMatch(/^\[\{/)
    expect(() => answer.json()).not.toThrow()
  })

  const broken = formatOpenaiStream([...chatChunks().slice(0, 3), { error: { message: 'Gone.', code: 500 } }])

  it('ends a broken stream with an error event', async () => {
    upstream.script('gpt', respondStream(broken))
    const answer = await post('/v1beta/models/gpt:streamGenerateContent?alt=sse')
    const events = answer.text.trim().split('\r\n\r\n')
    expect(JSON.parse(events.at(-1)?.slice('data: '.length) ?? '')).toMatchObject({
      error: { code: 500, status: 'INTERNAL', message: expect.stringContaining('Gone.') },
    })
  })

  it('ends a broken array with an error, and is JSON all the same', async () => {
    upstream.script('gpt', respondStream(broken))
    const pieces = (await post('/v1beta/models/gpt:streamGenerateContent')).json() as object[]
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.at(-1)).toMatchObject({ error: { code: 500 } })
  })
})

describe('embeddings', () => {
  const content = { parts: [{ text: 'one' }] }

  it.each([
    ['gpt', '/v1/embeddings'],
    ['flash', `/v1beta/models/${upstreamModel}:batchEmbedContents`],
  ])('of %s are one or several, as asked', async (model, path) => {
    const one = await post(`/v1beta/models/${model}:embedContent`, { body: { content } })
    expect(one.json()).toEqual({ embedding: { values: [0.5, -0.25, 0.125] } })
    const requests = [{ model: `models/${model}`, content, taskType: 'RETRIEVAL_QUERY' }, { content }]
    const several = await post(`/v1beta/models/${model}:batchEmbedContents`, { body: { requests } })
    expect(several.json().embeddings).toHaveLength(2)
    expect(upstream.requests.map((request) => request.path)).toEqual([path, path])
  })

  it.each([
    {},
    { content: {} },
    { content: { parts: [{ inlineData: {} }] } },
    { requests: [] },
    { requests: [5] },
  ])('are refused for %j', async (wrong) => {
    const answer = await post('/v1beta/models/flash:embedContent', { body: wrong })
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } })
  })
})

describe('the models in the shape of the dialect', () => {
  const flash = {
    name: 'models/flash',
    displayName: 'flash',
    inputTokenLimit: expect.any(Number),
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  }

  it.each([
    ['/v1beta/models', { headers: {}, key }],
    [`/v1beta/models?key=${key}`, {}],
    ['/v1/models', { headers: goog }],
    ['/models', { headers: goog }],
  ])('are listed at %s', async (path, options) => {
    const { models } = (await call(gateway.url, path, options)).json() as { models: { name: string }[] }
    expect(models.map(({ name }) => name)).toContain('models/vendor/team/gpt')
    expect(models.find(({ name }) => name === 'models/flash')).toMatchObject(flash)
  })

  it('are shown one by one', async () => {
    const answer = await call(gateway.url, '/v1beta/models/flash', { headers: goog })
    expect(answer.json()).toMatchObject(flash)
    const unknown = await call(gateway.url, '/v1beta/models/nobody', { headers: goog })
    expect(unknown.status).toBe(404)
    expect(unknown.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } })
  })
})

describe('the ledger', () => {
  it('bills streams and whole answers by their usage, the same wire or another', async () => {
    const paths = [
      'flash:generateContent',
      'flash:streamGenerateContent?alt=sse',
      'gpt:streamGenerateContent',
    ]
    const ids: (string | undefined)[] = []
    for (const path of paths) ids.push((await post(`/v1beta/models/${path}`)).headers['x-request-id'])
    gateway.kill('SIGTERM')
    await gateway.exited()
    const rows = await readSpendLogs(gateway.dataDir)
    const billed = ids.map((id) => rows.find(({ request_id }) => request_id === id))
    for (const row of billed)
      expect(row).toMatchObject({ input_tokens: 11, output_tokens: 7, estimated: false, status: 200 })
  })
})
