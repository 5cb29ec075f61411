import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { chatChunks, formatOpenaiStream } from '../harness/openai-wire.ts'
import { dataOf } from '../harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { answerTruly, respond, respondStream } from '../harness/steps.ts'

const hello = [{ role: 'user' as const, content: 'Hello' }]
const application = { tenant_id: 'my-tenant', client_id: 'my-app', client_secret: 'my-secret' }
let upstream: ScriptedUpstream
let gateway: Gateway
let client: OpenAI

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const { origin } = upstream
  const entry = (model_name: string, params: object, model_info: object = {}) => ({
    model_name,
    litellm_params: { api_base: origin, ...params },
    model_info,
  })
  const config = {
    model_list: [
      entry('dated', { model: 'azure/my-gpt', api_version: '2024-10-21' }, { base_model: 'azure/gpt-4o' }),
      entry('undated', { model: 'azure/my-gpt', api_base: `${origin}/openai/v1/`, api_key: 'other-key' }),
      entry('newer', { model: 'azure/my-gpt', api_version: '2025-04-01-preview' }),
      entry('entra', { model: 'azure/entra-gpt', api_key: '', ...application, azure_authority_host: origin }),
      entry('claude', { model: 'azure_ai/phi', api_key: 'ai-key' }),
    ],
    router_settings: { num_retries: 0, disable_cooldowns: true },
  }
  gateway = await startGateway({ config, env: { AZURE_API_KEY: 'azure-key' } })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.masterKey, maxRetries: 0 })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const received = () =>
  upstream.requests.map(({ path, headers }) => [path, headers['api-key'] ?? headers['authorization']])

describe('Azure', () => {
  it('is called by deployment and date, without a date, and at Foundry', async () => {
    await client.chat.completions.create({ model: 'dated', messages: hello })
    await client.embeddings.create({ model: 'dated', input: 'x' })
    await client.chat.completions.create({ model: 'undated', messages: hello })
    await client.chat.completions.create({ model: 'claude', messages: hello })
    expect(received()).toEqual([
      ['/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21', 'azure-key'],
      ['/openai/deployments/my-gpt/embeddings?api-version=2024-10-21', 'azure-key'],
      ['/openai/v1/chat/completions', 'other-key'],
      ['/v1/chat/completions', 'Bearer ai-key'],
    ])
  })

  it('answers clients of Responses by its own, where its version has them', async () => {
    for (const model of ['undated', 'newer', 'dated', 'entra'])
      await client.responses.create({ model, input: 'Hello' }).catch(() => {})
    expect(
      upstream.requests.flatMap(({ path }) =>
        path.includes('my-gpt') || path.includes('responses') ? [path] : [],
      ),
    ).toEqual([
      '/openai/v1/responses',
      '/openai/responses?api-version=2025-04-01-preview',
      '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
    ])
    expect(upstream.requests[0]?.headers['api-key']).toBe('other-key')
  })

  it('gets the client’s bytes, but for the name of the model', async () => {
    const body = '{ "messages": [{"role":"user","content":"H\\u00ef"}],\n "model": "dated", "x_new": 1.50 }'
    await call(gateway.url, '/v1/chat/completions', { key: gateway.masterKey, body })
    expect(upstream.requests[0]?.body).toBe(body.replace('"dated"', '"my-gpt"'))
  })

  it('gives a stream whose first event is a verdict on the prompt, untouched', async () => {
    const verdict = {
      id: '',
      object: '',
      created: 0,
      model: '',
      prompt_filter_results: [
        { prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
      ],
      choices: [],
    }
    upstream.script('my-gpt', respondStream(formatOpenaiStream([verdict, ...chatChunks()])))
    const answer = await call(gateway.url, '/v1/chat/completions', {
      key: gateway.masterKey,
      body: { model: 'dated', messages: hello, stream: true },
    })
    const [first, ...rest] = dataOf(answer.text)
    expect(first).toMatchObject({ prompt_filter_results: verdict.prompt_filter_results, choices: [] })
    expect(rest.at(-1)).toBe('[DONE]')
    const stream = client.chat.completions.stream({ model: 'dated', messages: hello })
    expect(await stream.finalContent()).toBe('Hello from the upstream.')
  })

  it('refuses filtered content with its whole verdict', async () => {
    const innererror = {
      code: 'ResponsibleAIPolicyViolation',
      content_filter_result: {
        hate: { filtered: false, severity: 'safe' },
        jailbreak: { filtered: true, detected: true },
        self_harm: { filtered: false, severity: 'safe' },
        sexual: { filtered: false, severity: 'safe' },
        violence: { filtered: false, severity: 'safe' },
      },
    }
    const message =
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
    const error = { message, type: null, param: 'prompt', code: 'content_filter', status: 400, innererror }
    upstream.script('my-gpt', respond(400, { error }))
    const thrown = await client.chat.completions
      .create({ model: 'dated', messages: hello })
      .catch((e: unknown) => e)
    expect(thrown).toBeInstanceOf(OpenAI.BadRequestError)
    expect(thrown).toMatchObject({
      message: expect.stringContaining('ContentPolicyViolationError'),
      error: { provider_specific_fields: { innererror } },
    })
  })

  it('is paid by the price of its base model', async () => {
    const answer = await call(gateway.url, '/v1/chat/completions', {
      key: gateway.masterKey,
      body: { model: 'dated', messages: hello },
    })
    // gpt-4o: $2.50 and $10 a million tokens, of which there are 11 and 7.
    expect(Number(answer.headers['x-litellm-response-cost'])).toBeCloseTo(11 * 2.5e-6 + 7 * 10e-6, 12)
  })
})

describe('Microsoft Entra', () => {
  const tokenPath = '/my-tenant/oauth2/v2.0/token'
  const chatPath = '/openai/deployments/entra-gpt/chat/completions?api-version=2025-02-01-preview'
  let issued = 0
  const issueToken = () =>
    upstream.script('', (call) => {
      issued++
      return respond(200, { token_type: 'Bearer', expires_in: 3599, access_token: `token-${issued}` })(call)
    })

  it('refuses at first, in the words of the token endpoint', async () => {
    upstream.script('', respond(401, { error: 'invalid_client', error_description: 'AADSTS7000215: secret' }))
    const error = await client.chat.completions
      .create({ model: 'entra', messages: hello })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error).toMatchObject({ message: expect.stringContaining('invalid_client') })
    expect(JSON.stringify(error)).not.toContain('AADSTS')
    expect(upstream.requests.map(({ path }) => path)).toEqual([tokenPath])
  })

  it('gives one token for many requests, and another when that one is refused', async () => {
    issueToken()
    const ask = () => client.chat.completions.create({ model: 'entra', messages: hello })
    await Promise.all([ask(), ask()])
    await ask()
    expect(upstream.requests[0]?.body).toContain(
      'grant_type=client_credentials&client_id=my-app&client_secret=my-secret',
    )
    expect(received().slice(1)).toEqual([1, 2, 3].map(() => [chatPath, 'Bearer token-1']))
    upstream.script('entra-gpt', respond(401, { error: { message: 'expired' } }), answerTruly())
    await expect(ask()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await ask()
    expect(received().at(-1)).toEqual([chatPath, 'Bearer token-2'])
    expect(issued).toBe(2)
  })
})
