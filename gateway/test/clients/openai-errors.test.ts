import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cutAfter, respond } from '../harness/steps.ts'
import { chatUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { beginningOfStream, errorBody } from './upstream-words.ts'

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const messages = [{ role: 'user' as const, content: 'Hello' }]

/** What a call throws; a call that does not throw fails the test. */
async function errorOf(call: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const thrown = await Promise.resolve(call).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof OpenAI.APIError)) throw new Error(`expected an APIError, got ${String(thrown)}`)
  return thrown
}

describe('the OpenAI SDK refused by the gateway', () => {
  it.each(['sk-riq-nobody-knows-this-key', 'no-prefix-at-all', 'sk-litellm-0123456789abcdef'])(
    'throws AuthenticationError for the key %s',
    async (apiKey) => {
      const stranger = client.withOptions({ apiKey })
      const error = await errorOf(stranger.chat.completions.create({ model: 'gpt', messages }))
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
      expect(error.message).not.toContain(apiKey)
      expect(await errorOf(stranger.models.list())).toBeInstanceOf(OpenAI.AuthenticationError)
      expect(testbed.upstream.requests).toEqual([])
    },
  )

  it.each([false, true])('throws BadRequestError for an unknown model, stream %s', async (stream) => {
    const error = await errorOf(client.chat.completions.create({ model: 'nobody', messages, stream }))
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error.message).toContain('Invalid model name passed in model=nobody.')
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: 'model' })
  })

  it('throws PermissionDeniedError for a model its key may not call', async () => {
    const { key } = await testbed.gateway.createKey({ models: ['gpt'] })
    const limited = client.withOptions({ apiKey: key })
    await limited.chat.completions.create({ model: 'gpt', messages })
    const error = await errorOf(limited.chat.completions.create({ model: 'claude', messages }))
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError)
    expect(error.message).toContain('claude')
  })

  it.each([{ messages: 'Hello' }, { messages: null }, { stream: 'yes' }])(
    'throws BadRequestError for %j',
    async (wrong) => {
      const body = { model: 'gpt', messages, ...wrong } as unknown as OpenAI.ChatCompletionCreateParams
      const error = await errorOf(client.chat.completions.create(body))
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error.param).toBe(Object.keys(wrong)[0])
    },
  )

  it.each([
    ['n', { n: 2 }],
    ['seed', { seed: 1 }],
    ['logit_bias', { logit_bias: { '1': 1 } }],
  ])('throws BadRequestError naming %s where the wire has no such thing', async (param, member) => {
    const error = await errorOf(client.chat.completions.create({ model: 'claude', messages, ...member }))
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error.param).toBe(param)
    expect(testbed.upstream.requests).toEqual([])
  })
})

describe.each(chatUpstreams)(
  'the OpenAI SDK with a failing $wire upstream',
  ({ wire, model, upstreamModel }) => {
    const failure = (type: string, message: string, code: string | null = null): object =>
      errorBody(wire, type, message, code)

    it.each([false, true])('throws RateLimitError with retry-after, stream %s', async (stream) => {
      testbed.upstream.script(
        upstreamModel,
        respond(429, failure('rate_limit_error', 'Too many.'), { 'retry-after': '17' }),
      )
      const error = await errorOf(client.chat.completions.create({ model, messages, stream }))
      expect(error).toBeInstanceOf(OpenAI.RateLimitError)
      expect(error.headers?.get('retry-after')).toBe('17')
      expect(error.message).toContain('Too many.')
      expect(testbed.upstream.requests).toHaveLength(1)
    })

    it.each([
      [400, 'invalid_request_error', OpenAI.BadRequestError],
      [401, 'authentication_error', OpenAI.AuthenticationError],
      [403, 'permission_error', OpenAI.PermissionDeniedError],
      [404, 'not_found_error', OpenAI.NotFoundError],
      [500, 'api_error', OpenAI.InternalServerError],
      [529, 'overloaded_error', OpenAI.InternalServerError],
    ])('throws the class of a %i', async (status, type, errorClass) => {
      testbed.upstream.script(upstreamModel, respond(status, failure(type, 'It says no.')))
      const error = await errorOf(client.chat.completions.create({ model, messages }))
      expect(error).toBeInstanceOf(errorClass)
      expect(error.message).toContain('It says no.')
      expect(error.requestID).toBeTruthy()
    })

    it('throws BadRequestError with the code of a prompt that is too long', async () => {
      const text =
        wire === 'OpenAI'
          ? "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens."
          : 'prompt is too long: 210000 tokens > 200000 maximum'
      const code = 'context_length_exceeded'
      testbed.upstream.script(upstreamModel, respond(400, failure('invalid_request_error', text, code)))
      const error = await errorOf(client.chat.completions.create({ model, messages }))
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error.code).toBe(code)
      expect(error.message).toContain(text)
    })

    it('throws out of a stream that breaks off', async () => {
      testbed.upstream.script(upstreamModel, cutAfter(beginningOfStream(wire)))
      const stream = await client.chat.completions.create({ model, messages, stream: true })
      let text = ''
      const error = await errorOf(
        (async () => {
          for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
        })(),
      )
      expect(text).toMatch(/^Hello /)
      expect(error.message).not.toBe('')
    })
  },
)
