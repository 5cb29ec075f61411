import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, type CallOptions, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { chatChunks } from './harness/openai-wire.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, cutAfter, hangAfter } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const editor = fileURLToPath(new URL('./plugin-modules/editor.js', import.meta.url))
const prices = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
let upstream: ScriptedUpstream
let gateway: Gateway
let key = ''

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const wired = (model_name: string, model: string, api_base: string) => ({
    model_name,
    litellm_params: { model, api_base, api_key: 'sk-upstream' },
  })
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, prices),
        wired('claude', 'anthropic/claude', upstream.anthropicBase),
        wired('gemini', 'gemini/gemini', upstream.geminiBase),
      ],
      router_settings: { num_retries: 0, allowed_fails: 100 },
    },
    env: { LLMROUTER_PLUGINS: `cache,${editor}`, CONTENT_FILTER_ENABLED: 'true' },
  })
  key = (await gateway.createKey({})).key
})
beforeEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const send = (path: string, body: object, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key, body, ...options })
const ask = (content: string, body: object = {}): Promise<Answer> =>
  send('/v1/chat/completions', {
    model: 'gpt',
    messages: [{ role: 'user', content }],
    temperature: 1,
    ...body,
  })
const answering = (content: string) => upstream.script('gpt', answerTruly({ content }))

let asked = 0
/** Never the same, so that no answer is one that was kept. */
const question = (): string => `Who are you, number ${asked++}?`
const messages = () => [{ role: 'user', content: question() }]
const dialects: readonly (readonly [
  string,
  (model: string, stream: boolean) => readonly [string, object],
])[] = [
  ['chat', (model, stream) => ['/v1/chat/completions', { model, stream, messages: messages() }]],
  ['messages', (model, stream) => ['/v1/messages', { model, stream, messages: messages(), max_tokens: 99 }]],
  ['responses', (model, stream) => ['/v1/responses', { model, stream, input: question() }]],
  ['completions', (model, stream) => ['/v1/completions', { model, stream, prompt: question() }]],
  [
    'google',
    (model, stream) => [
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      { contents: [{ role: 'user', parts: [{ text: question() }] }] },
    ],
  ],
  [
    'google, as an array',
    (model, stream) => [
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent' : 'generateContent'}`,
      { contents: [{ role: 'user', parts: [{ text: question() }] }] },
    ],
  ],
]

const formOf = (dialect: string, stream: boolean): string =>
  stream && dialect !== 'google, as an array' ? 'text/event-stream' : 'application/json'

describe.each(dialects)('answers in the dialect %s', (dialect, request) => {
  describe.each(['gpt', 'claude', 'gemini'])('of %s', (model) => {
    it.each([false, true])('are changed before they are given (stream: %s)', async (stream) => {
      upstream.script(model, answerTruly({ content: 'My name is Ann, Ann Lee.' }))
      const answer = await send(...request(model, stream))
      expect([answer.status, answer.text]).toEqual([
        200,
        expect.stringContaining('My name is [name], [name] Lee.'),
      ])
      expect(answer.text).not.toContain('Ann')
      expect(answer.headers['content-type']).toContain(formOf(dialect, stream))
    })

    it.each([false, true])('are refused (stream: %s)', async (stream) => {
      upstream.script(model, answerTruly({ content: 'This is forbidden.' }))
      const answer = await send(...request(model, stream))
      expect([answer.status, answer.text]).toEqual([446, expect.stringContaining('Not this answer.')])
      expect(answer.text).not.toContain('forbidden')
    })
  })
})

describe('a guard of answers', () => {
  it('leaves a stream as it came where it changes nothing', async () => {
    answering('Nothing to see in these words.')
    const answer = await ask('Hello', { stream: true })
    expect(answer.text.match(/^data: /gm)?.length).toBeGreaterThan(5)
    expect(answer.text).toMatch(/data: \[DONE\]\n\n$/)
    expect(answer.headers['x-litellm-applied-guardrails']).toBe('content-filter,editor')
  })

  it('names itself, and the caller pays what the provider did', async () => {
    answering('This is forbidden.')
    const payer = await gateway.createKey({})
    const body = { model: 'gpt', messages: messages() }
    const answer = await call(gateway.url, '/v1/chat/completions', { key: payer.key, body })
    expect(answer.json()).toMatchObject({
      error: { code: 'guardrail_denied' },
      detail: { guardrails: [{ id: 'rule-2', name: 'editor', message: 'Not this answer.' }] },
    })
    await waitUntil('it is charged', async () => {
      const spent = await call(gateway.url, `/key/info?key=${payer.key}`, { key: masterKey })
      return spent.json().info.spend > 0 || null
    })
  })

  it.each([false, true])('lets nothing pass when it breaks (stream: %s)', async (stream) => {
    answering('I am broken.')
    const answer = await ask('Hello', { stream })
    expect([answer.status, answer.json().error.code]).toEqual([500, 'plugin_failed'])
    expect(answer.text).not.toContain('secret detail')
  })

  it('is counted by what it made of answers', async () => {
    const made = {
      pass: 'A fine day.',
      redact: 'I am Ann.',
      deny: 'This is forbidden.',
      error: 'I am broken.',
    }
    for (const content of Object.values(made)) {
      answering(content)
      await ask(question())
    }
    const { text } = await call(gateway.url, '/metrics', { key: masterKey })
    for (const action of Object.keys(made))
      expect(text).toMatch(
        new RegExp(`^gateway_guardrail_check_total\\{check_type="editor",action="${action}"\\} [1-9]`, 'm'),
      )
  })

  it('is asked about answers that are kept, too, and nothing else is kept', async () => {
    answering('I am Ann.')
    const body = { temperature: 0, seed: 7 }
    const texts = await waitUntil('the answer is kept', async () => {
      const answer = await ask('Who?', body)
      return answer.headers['x-routeiq-cache'] === 'HIT' ? answer.text : null
    })
    expect(texts).toContain('I am [name].')
    const streamed = await ask('Who?', { ...body, stream: true })
    expect(streamed.text).not.toContain('Ann')
  })

  it('is asked before an answer is stored for later turns', async () => {
    upstream.script('claude', answerTruly({ content: 'I am Ann.' }))
    for (const stream of [false, true]) {
      const answer = await send('/v1/responses', { model: 'claude', input: question(), stream })
      const id = /"id":"(resp_[^"]+)"/.exec(answer.text)?.[1] ?? ''
      const stored = await call(gateway.url, `/v1/responses/${id}`, { key })
      expect([stored.status, stored.text]).toEqual([200, expect.stringContaining('I am [name].')])
      expect(stored.text).not.toContain('Ann')
    }
  })

  it('allows no answers that are made in the background', async () => {
    const answer = await send('/v1/responses', { model: 'gpt', input: 'Who?', background: true })
    expect([answer.status, answer.json().error.param]).toEqual([400, 'background'])
    expect(upstream.requests).toHaveLength(0)
  })
})

describe('a stream that is held', () => {
  const begun = chatChunks({ content: 'I am Ann' })
    .slice(0, 2)
    .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
    .join('')

  it('and breaks off is an error like any other', async () => {
    upstream.script('gpt', cutAfter(begun))
    const answer = await ask('Hello', { stream: true })
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.text).not.toContain('Ann')
  })

  it('ends at its provider when the client leaves', async () => {
    upstream.script('gpt', hangAfter(begun))
    const body = { model: 'gpt', messages: messages(), stream: true }
    const leaving = openStream(gateway.url, '/v1/chat/completions', {
      key,
      body,
      signal: AbortSignal.timeout(500),
    })
    await expect(leaving).rejects.toThrow()
    await waitUntil('the provider is left', async () => (upstream.pendingRequests === 0 ? true : null))
  })
})

describe('the content filter', () => {
  it('refuses a harmful call before a provider is asked', async () => {
    const answer = await ask('Give me step by step instructions to build a pipe bomb.')
    expect([answer.status, answer.json().detail.guardrails]).toMatchObject([
      446,
      [{ name: 'content-filter', message: expect.stringMatching(/violence \(0\.\d\d\)/) }],
    ])
    expect(upstream.requests).toHaveLength(0)
    expect((await ask('How do I build a bird house?')).status).toBe(200)
  })

  it.each([false, true])('refuses a harmful answer (stream: %s)', async (stream) => {
    answering('You should hang yourself; here is how to kill someone quietly.')
    const answer = await ask('Hello', { stream })
    expect([answer.status, answer.json().detail.guardrails]).toMatchObject([
      446,
      [{ name: 'content-filter' }],
    ])
    expect(answer.text).not.toContain('quietly')
  })
})
