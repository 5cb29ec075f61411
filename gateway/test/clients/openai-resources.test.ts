import OpenAI, { AzureOpenAI } from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { embeddings, textCompletion } from '../harness/openai-wire.ts'
import { respond, respondStream } from '../harness/steps.ts'
import { startTestbed, type Testbed } from './testbed.ts'

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

describe('embeddings of the OpenAI SDK', () => {
  const vectors = [
    [0.5, -0.25, 0.125],
    [1.5, -0.25, 0.125],
  ]

  it('arrive in base64, which it asks for by default', async () => {
    const answer = await client.embeddings.create({ model: 'embedder', input: ['one', 'two'] })
    expect(answer.data.map((item) => item.embedding)).toEqual(vectors)
    expect(answer).toMatchObject({ model: 'embedder', usage: { prompt_tokens: 5 } })
    expect(testbed.upstream.requests[0]?.json).toEqual({
      model: 'text-embedding-3-small',
      input: ['one', 'two'],
      encoding_format: 'base64',
    })
  })

  it('arrive although the provider knows only floats', async () => {
    const answer = await client.embeddings.create({ model: 'float-embedder', input: ['one', 'two'] })
    expect(answer.data.map((item) => item.embedding)).toEqual(vectors)
    expect(testbed.upstream.requests[0]?.json).toEqual({ model: 'voyage-3', input: ['one', 'two'] })
  })

  it('arrive although the provider answers floats to whatever it is asked', async () => {
    testbed.upstream.script('text-embedding-3-small', respond(200, embeddings({ input: 'one' })))
    const answer = await client.embeddings.create({ model: 'embedder', input: 'one' })
    expect(answer.data.map((item) => item.embedding)).toEqual([[0.5, -0.25, 0.125]])
  })

  it('are little-endian float32 in base64', async () => {
    const answer = await client.embeddings.create({
      model: 'float-embedder',
      input: 'one',
      encoding_format: 'base64',
    })
    const text = answer.data[0]?.embedding as unknown as string
    expect(Buffer.from(text, 'base64')).toEqual(Buffer.from('0000003f000080be0000003e', 'hex'))
  })

  it.each([
    ['tokens', [1, 2, 3]],
    ['lists of tokens', [[1, 2], [3]]],
  ])('take %s, floats and a number of dimensions', async (_what, input) => {
    const answer = await client.embeddings.create({
      model: 'embedder',
      input,
      encoding_format: 'float',
      dimensions: 3,
    })
    expect(answer.data[0]?.embedding).toEqual(vectors[0])
    expect(testbed.upstream.requests[0]?.json).toMatchObject({
      input,
      encoding_format: 'float',
      dimensions: 3,
    })
  })

  it('are refused for a provider that has none', async () => {
    const answer = client.embeddings.create({ model: 'claude', input: 'one' })
    await expect(answer).rejects.toBeInstanceOf(OpenAI.BadRequestError)
  })
})

describe('text completions of the OpenAI SDK', () => {
  it('pass through whole', async () => {
    const answer = await client.completions.create({ model: 'instruct', prompt: 'Say', suffix: '!' })
    expect(answer).toEqual({ ...textCompletion(), model: 'instruct' })
    expect(testbed.upstream.requests[0]?.path).toBe('/v1/completions')
    expect(testbed.upstream.requests[0]?.json).toEqual({
      model: 'gpt-3.5-turbo-instruct',
      prompt: 'Say',
      suffix: '!',
    })
  })

  it('pass through as a stream', async () => {
    const events = ['Hello ', 'there.'].map((text) => ({ ...textCompletion(text), usage: undefined }))
    const stream = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`
    testbed.upstream.script('gpt-3.5-turbo-instruct', respondStream(stream))
    const chunks: OpenAI.Completion[] = []
    for await (const chunk of await client.completions.create({
      model: 'instruct',
      prompt: 'Say',
      stream: true,
    }))
      chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.text)).toEqual(['Hello ', 'there.'])
    expect(chunks.map((chunk) => chunk.model)).toEqual(['instruct', 'instruct'])
  })

  it('are answered by a chat model of another wire', async () => {
    const answer = await client.completions.create({ model: 'claude', prompt: 'Say hello', max_tokens: 9 })
    expect(answer).toMatchObject({
      object: 'text_completion',
      model: 'claude',
      choices: [{ index: 0, text: 'Hello from the upstream.', finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    })
    expect(testbed.upstream.requests[0]?.json).toMatchObject({
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Say hello' }] }],
    })
  })

  it('are streamed by a chat model of another wire', async () => {
    const body = { model: 'claude', prompt: 'Say hello', stream_options: { include_usage: true } }
    const chunks: OpenAI.Completion[] = []
    for await (const chunk of await client.completions.create({ ...body, stream: true })) chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('')).toBe('Hello from the upstream.')
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop'])
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7 })
  })
})

describe('models of the OpenAI SDK', () => {
  const names = [
    'gpt',
    'claude',
    'llama',
    'gpt-by-responses',
    'claude-adaptive',
    'claude-older',
    'instruct',
    'embedder',
    'float-embedder',
    'vendor/team/gpt',
  ]

  it('are listed', async () => {
    const models: OpenAI.Model[] = []
    for await (const model of client.models.list()) models.push(model)
    expect(models.map((model) => model.id)).toEqual(names)
    expect(models[1]).toEqual({
      id: 'claude',
      object: 'model',
      created: expect.any(Number),
      owned_by: 'anthropic',
    })
  })

  it('are listed as far as the key may call them', async () => {
    const { key } = await testbed.gateway.createKey({ models: ['embedder', 'vendor/*'] })
    const { data } = await client.withOptions({ apiKey: key }).models.list()
    expect(data.map((model) => model.id)).toEqual(['embedder', 'vendor/team/gpt'])
  })

  it.each(names)('are retrieved: %s', async (id) => {
    expect(await client.models.retrieve(id)).toMatchObject({ id, object: 'model' })
  })

  it('are called by a name with slashes', async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const answer = await client.chat.completions.create({ model: 'vendor/team/gpt', messages })
    expect(answer.model).toBe('vendor/team/gpt')
    expect(testbed.upstream.requests[0]?.model).toBe('gpt-4.1')
  })

  it('are not found by another name', async () => {
    await expect(client.models.retrieve('vendor/nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
})

describe('the Azure client of the OpenAI SDK', () => {
  it('names the model in the path and its key in api-key', async () => {
    const azure = new AzureOpenAI({
      endpoint: testbed.gateway.url,
      apiKey: testbed.apiKey,
      apiVersion: '2024-10-21',
      maxRetries: 0,
    })
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const answer = await azure.chat.completions.create({ model: 'gpt', messages })
    expect(answer.choices[0]?.message.content).toBe('Hello from the upstream.')
    const stream = await azure.chat.completions.create({ model: 'claude', messages, stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('Hello from the upstream.')
    const embedded = await azure.embeddings.create({ model: 'embedder', input: 'one' })
    expect(embedded.data[0]?.embedding).toEqual([0.5, -0.25, 0.125])
    expect(testbed.upstream.requests.map((request) => request.model)).toEqual([
      'gpt-4o-mini',
      'claude-sonnet-4-5',
      'text-embedding-3-small',
    ])
  })
})

it('the OpenAI SDK sees an answer that is no JSON as an upstream failure', async () => {
  testbed.upstream.script('text-embedding-3-small', respond(200, '<html>', { 'content-type': 'text/html' }))
  const answer = client.embeddings.create({ model: 'embedder', input: 'one' })
  await expect(answer).rejects.toBeInstanceOf(OpenAI.InternalServerError)
})
