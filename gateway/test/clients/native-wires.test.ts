import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bedrockMock } from '../harness/bedrock-wire.ts'
import { cohereMock } from '../harness/cohere-wire.ts'
import { ollamaMock } from '../harness/ollama-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import {
  answerByteByByte,
  answerTruly,
  cutAfter,
  hangAfter,
  respond,
  respondStream,
} from '../harness/steps.ts'
import { requireSignature } from '../harness/verify-signature.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { finalAnswer, question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

const secretKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const claudeOnBedrock = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const wires = [
  { wire: 'Ollama', mock: ollamaMock, model: 'ollama', upstreamModel: 'qwen3:8b' },
  { wire: 'Bedrock', mock: bedrockMock, model: 'bedrock', upstreamModel: claudeOnBedrock },
  { wire: 'Cohere', mock: cohereMock, model: 'cohere', upstreamModel: 'command-a-03-2025' },
]
const hello = [{ role: 'user' as const, content: 'Hello' }]
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

let upstream: ScriptedUpstream
let gateway: Gateway
let client: OpenAI

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: describeModels(upstream.origin) })
  const { key } = await gateway.createKey()
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function describeModels(origin: string): object {
  const entry = (model_name: string, params: object) => ({ model_name, litellm_params: params })
  const aws = {
    aws_region_name: 'us-west-2',
    aws_access_key_id: 'AKIAEXAMPLE',
    aws_secret_access_key: secretKey,
    aws_session_token: 'session==',
    api_base: origin,
  }
  return {
    model_list: [
      entry('ollama', { model: 'ollama_chat/qwen3:8b', api_base: origin }),
      entry('ollama-embedder', { model: 'ollama/nomic-embed-text', api_base: `${origin}/` }),
      entry('bedrock', { model: `bedrock/${claudeOnBedrock}`, ...aws }),
      entry('bedrock-token', {
        model: 'bedrock/amazon.nova-pro-v1:0',
        api_base: origin,
        api_key: 'bedrock-token',
      }),
      entry('titan-embedder', { model: 'bedrock/amazon.titan-embed-text-v2:0', ...aws }),
      entry('bedrock-cohere-embedder', { model: 'bedrock/cohere.embed-multilingual-v3', ...aws }),
      entry('cohere', { model: 'cohere/command-a-03-2025', api_base: origin, api_key: 'sk-upstream' }),
      entry('cohere-embedder', {
        model: 'cohere/embed-v4.0',
        api_base: `${origin}/v2`,
        api_key: 'sk-upstream',
      }),
    ],
    router_settings: { num_retries: 0, disable_cooldowns: true },
  }
}

async function collectChunks(body: Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'stream'>) {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
    chunks.push(chunk)
  return chunks
}

async function errorOf(call: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const thrown = await Promise.resolve(call).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof OpenAI.APIError)) throw new Error(`expected an APIError, got ${String(thrown)}`)
  return thrown
}

describe.each(wires)('the OpenAI SDK against the $wire wire', ({ mock, model, upstreamModel }) => {
  it('gets a whole answer and a stream of it, however the network cuts it', async () => {
    const completion = await client.chat.completions.create({ model, messages: hello })
    expect(completion).toMatchObject({
      model,
      choices: [
        { message: { role: 'assistant', content: 'Hello from the upstream.' }, finish_reason: 'stop' },
      ],
      usage,
    })
    const chunks = await collectChunks({ model, messages: hello, stream_options: { include_usage: true } })
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.delta.content || [])).toEqual(
      'Hello from the upstream.'.split(/(?<= )/),
    )
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop'])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage })
    upstream.script(upstreamModel, answerByteByByte())
    const cut = await collectChunks({ model, messages: hello })
    expect(cut.map(({ choices }) => choices)).toEqual(chunks.slice(0, -1).map(({ choices }) => choices))
  })

  it.each([false, true])(
    'calls two tools in parallel and gives their results back, stream %s',
    async (stream) => {
      upstream.script(
        upstreamModel,
        answerTruly({ toolCalls: weatherCalls }),
        answerTruly({ content: finalAnswer }),
      )
      const tools = [
        {
          type: 'function' as const,
          function: {
            name: 'get_weather',
            description: 'The weather of a city.',
            parameters: weatherParameters,
            parse: JSON.parse as (text: string) => { city: string },
            function: ({ city }: { city: string }) => weatherIn(city),
          },
        },
      ]
      const messages = [{ role: 'user' as const, content: question }]
      const runner = stream
        ? client.chat.completions.runTools({ model, messages, tools, stream })
        : client.chat.completions.runTools({ model, messages, tools })
      expect(await runner.finalContent()).toBe(finalAnswer)
      const calls = weatherCalls.map(({ id, name, arguments: text }) => ({
        id,
        function: { name, arguments: text },
      }))
      expect(runner.messages[1]).toMatchObject({ role: 'assistant', tool_calls: calls })
      expect(upstream.requestsFor(upstreamModel)).toHaveLength(2)
      const sent = JSON.stringify(upstream.requestsFor(upstreamModel)[1]?.json)
      for (const part of ['Paris: sunny', 'Rome: sunny', 'toolu_paris', 'toolu_rome'])
        expect(sent).toContain(part)
    },
  )

  it('serves the Anthropic SDK, streaming a tool call', async () => {
    upstream.script(upstreamModel, answerTruly({ toolCalls: weatherCalls }))
    const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: client.apiKey, maxRetries: 0 })
    const message = await anthropic.messages
      .stream({
        model,
        max_tokens: 100,
        messages: hello,
        tools: [
          { name: 'get_weather', input_schema: { ...weatherParameters, type: 'object', required: ['city'] } },
        ],
      })
      .finalMessage()
    expect(message.stop_reason).toBe('tool_use')
    expect(message.content).toMatchObject([
      { type: 'tool_use', id: 'toolu_paris', input: { city: 'Paris' } },
      { type: 'tool_use', id: 'toolu_rome', input: { city: 'Rome' } },
    ])
    expect(message.usage).toMatchObject({ input_tokens: 11, output_tokens: 7 })
  })

  it.each([
    [400, OpenAI.BadRequestError],
    [401, OpenAI.AuthenticationError],
    [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])('throws the right error for status %d, plain and streamed', async (status, errorClass) => {
    upstream.script(upstreamModel, respond(status, mock.errorBody('Not today.')))
    for (const stream of [false, true]) {
      const error = await errorOf(client.chat.completions.create({ model, messages: hello, stream }))
      expect(error).toBeInstanceOf(errorClass)
      expect(error.message).toContain('Not today.')
    }
  })

  it('throws a real HTTP error for an error in front of the first event', async () => {
    upstream.script(upstreamModel, respondStream(mock.streamError('Gone.')))
    const error = await errorOf(client.chat.completions.create({ model, messages: hello, stream: true }))
    expect(error).toMatchObject({ status: 500, message: expect.stringContaining('Gone.') })
  })

  it.each([
    ['an error event', (begun: Buffer) => respondStream(Buffer.concat([begun, mock.streamError('Gone.')]))],
    ['a connection that breaks', (begun: Buffer) => cutAfter(begun)],
    ['a cut in the middle of an event', (begun: Buffer) => respondStream(begun.subarray(0, -3))],
    ['an end without an ending', (begun: Buffer) => respondStream(begun)],
  ])('throws out of a stream that has begun for %s', async (_, step) => {
    const begun = Buffer.concat(mock.pieces({}).slice(0, 4))
    upstream.script(upstreamModel, step(begun))
    let text = ''
    const error = await errorOf(
      (async () => {
        const stream = await client.chat.completions.create({ model, messages: hello, stream: true })
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      })(),
    )
    expect(text).toMatch(/^Hello /)
    expect(error).toBeInstanceOf(OpenAI.APIError)
    expect(upstream.requests).toHaveLength(1)
  })

  it('closes the upstream connection when it leaves within a stream', async () => {
    upstream.script(upstreamModel, hangAfter(Buffer.concat(mock.pieces({}).slice(0, 4))))
    const stream = await client.chat.completions.create({ model, messages: hello, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    await waitUntil('the upstream connection is closed', () => upstream.pendingRequests === 0, 1000)
  })

  it('gets a stream from a whole answer', async () => {
    upstream.script(upstreamModel, (call) => respond(200, mock.whole({}, call.request))(call))
    const chunks = await collectChunks({ model, messages: hello })
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      'Hello from the upstream.',
    )
  })
})

describe.each(['ollama-embedder', 'cohere-embedder'])('embeddings of %s', (model) => {
  it('are floats or base64, as the client asks', async () => {
    const input = ['one', 'two']
    const floats = await client.embeddings.create({ model, input, encoding_format: 'float' })
    expect(floats).toMatchObject({
      object: 'list',
      model,
      data: [
        { object: 'embedding', index: 0, embedding: [0.5, -0.25, 0.125] },
        { object: 'embedding', index: 1, embedding: [1.5, -0.25, 0.125] },
      ],
      usage: { prompt_tokens: 5, total_tokens: 5 },
    })
    // The SDK asks for base64 when told nothing, and decodes it.
    expect((await client.embeddings.create({ model, input })).data).toEqual(floats.data)
  })

  it('are refused for token lists, which only OpenAI reads', async () => {
    const error = await errorOf(client.embeddings.create({ model, input: [1, 2, 3] }))
    expect(error).toMatchObject({ status: 400, param: 'input' })
    expect(upstream.requests).toEqual([])
  })
})

describe('embeddings of Bedrock', () => {
  it('are Titan’s, one text a request', async () => {
    const model = 'titan-embedder'
    upstream.script('amazon.titan-embed-text-v2:0', requireSignature(secretKey, answerTruly()))
    const body = { model, input: 'one', dimensions: 256, normalize: false }
    expect(await client.embeddings.create(body)).toMatchObject({
      data: [{ index: 0, embedding: [0.5, -0.25, 0.125] }],
      usage: { prompt_tokens: 5 },
    })
    expect(upstream.requests[0]).toMatchObject({
      path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
      json: { inputText: 'one', dimensions: 256, normalize: false },
    })
    const error = await errorOf(client.embeddings.create({ model, input: ['one', 'two'] }))
    expect(error).toMatchObject({ status: 400, param: 'input' })
  })

  it('are Cohere’s, counted here because the provider does not', async () => {
    const body = { model: 'bedrock-cohere-embedder', input: ['one', 'two'], input_type: 'search_query' }
    const { data } = await client.embeddings.create(body)
    expect(data.map(({ embedding }) => embedding[0])).toEqual([0.5, 1.5])
    const long = await client.embeddings.create({ ...body, dimensions: 512 })
    expect(long.data).toEqual(data)
    expect(upstream.requests.map(({ json }) => json)).toEqual([
      { texts: ['one', 'two'], input_type: 'search_query' },
      { texts: ['one', 'two'], input_type: 'search_query', output_dimension: 512 },
    ])
  })

  it('are not made by models that make none', async () => {
    const error = await errorOf(client.embeddings.create({ model: 'bedrock', input: 'one' }))
    expect(error.status).toBe(400)
    expect(upstream.requests).toEqual([])
  })
})

describe('Bedrock', () => {
  it.each([false, true])('is sent what AWS finds rightly signed, stream %s', async (stream) => {
    upstream.script(claudeOnBedrock, requireSignature(secretKey, answerTruly()))
    if (stream) await collectChunks({ model: 'bedrock', messages: hello })
    else await client.chat.completions.create({ model: 'bedrock', messages: hello })
    const { path, headers } = upstream.requests[0] ?? {}
    expect(path).toBe(`/model/${encodeURIComponent(claudeOnBedrock)}/converse${stream ? '-stream' : ''}`)
    expect(headers).toMatchObject({ 'x-amz-security-token': 'session==' })
  })

  it('refuses what is signed with another key', async () => {
    upstream.script(claudeOnBedrock, requireSignature('another key', answerTruly()))
    const error = await errorOf(client.chat.completions.create({ model: 'bedrock', messages: hello }))
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error.message).toContain('the signature does not match')
  })

  it('takes a bearer token instead', async () => {
    await client.chat.completions.create({ model: 'bedrock-token', messages: hello })
    expect(upstream.requests[0]?.headers['authorization']).toBe('Bearer bedrock-token')
  })

  it('ends a stream whose bytes were damaged', async () => {
    const pieces = mockedPieces()
    const damaged = Buffer.from(pieces[3] ?? [])
    damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 1
    upstream.script(
      claudeOnBedrock,
      respondStream(Buffer.concat([...pieces.slice(0, 3), damaged, ...pieces.slice(4)])),
    )
    let text = ''
    const error = await errorOf(
      (async () => {
        const stream = await client.chat.completions.create({
          model: 'bedrock',
          messages: hello,
          stream: true,
        })
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      })(),
    )
    expect(text).toBe('Hello from ')
    expect(error.message).toContain('checksum')
  })

  it('gets the beta flags of Anthropic’s clients that it knows, in its body', async () => {
    const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: client.apiKey, maxRetries: 0 })
    const headers = {
      'anthropic-beta': 'context-1m-2025-08-07,advanced-tool-use-2025-11-20,unheard-of-2031-01-01',
    }
    await anthropic.messages.create({ model: 'bedrock', max_tokens: 9, messages: hello }, { headers })
    expect(upstream.requests[0]?.json).toMatchObject({
      inferenceConfig: { maxTokens: 9 },
      additionalModelRequestFields: {
        anthropic_beta: ['context-1m-2025-08-07', 'tool-search-tool-2025-10-19'],
      },
    })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('anthropic-beta')
  })

  it.each(['chat', 'messages'])('gets its signed thinking back by way of %s', async (dialect) => {
    const reasoningText = { text: 'Two cities.', signature: 'RXFRQkNrWUlD' }
    const content = [
      { reasoningContent: { reasoningText } },
      { reasoningContent: { redactedContent: 'cmVkYWN0ZWQ=' } },
      { toolUse: { toolUseId: 'tooluse_1', name: 'get_weather', input: { city: 'Paris' } } },
    ]
    const answer = { output: { message: { role: 'assistant', content } }, stopReason: 'tool_use', usage: {} }
    upstream.script(claudeOnBedrock, respond(200, answer), answerTruly())
    if (dialect === 'chat') await continueChat()
    else await continueMessages()
    expect(upstream.requests[1]?.json['messages']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content },
      { role: 'user', content: [{ toolResult: { toolUseId: 'tooluse_1', content: [{ text: 'Sunny' }] } }] },
    ])
  })

  it('says at start which credentials it cannot use', async () => {
    const litellm_params = {
      model: 'bedrock/amazon.nova-pro-v1:0',
      aws_region_name: 'eu-west-1',
      aws_web_identity_token: 'oidc/github/x',
      aws_role_name: 'arn:aws:iam::1:role/x',
    }
    const other = await startGateway({ config: { model_list: [{ model_name: 'role', litellm_params }] } })
    await other.stop()
    expect(other.stdout() + other.stderr()).toMatch(/`?aws_web_identity_token`? may be a token/)
  })
})

async function continueChat(): Promise<void> {
  const tools = [
    { type: 'function' as const, function: { name: 'get_weather', parameters: weatherParameters } },
  ]
  const ask = { model: 'bedrock', tools, reasoning_effort: 'low' as const }
  const first = await client.chat.completions.create({ ...ask, messages: hello })
  const message = first.choices[0]?.message
  if (message === undefined) throw new Error('no answer')
  const result = { role: 'tool' as const, tool_call_id: 'tooluse_1', content: 'Sunny' }
  await client.chat.completions.create({ ...ask, messages: [...hello, message, result] })
}

async function continueMessages(): Promise<void> {
  const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: client.apiKey, maxRetries: 0 })
  const input_schema = { ...weatherParameters, type: 'object' as const, required: ['city'] }
  const ask = {
    model: 'bedrock',
    max_tokens: 5000,
    tools: [{ name: 'get_weather', input_schema }],
    thinking: { type: 'enabled' as const, budget_tokens: 1024 },
  }
  const { content } = await anthropic.messages.create({ ...ask, messages: hello })
  const result = { type: 'tool_result' as const, tool_use_id: 'tooluse_1', content: 'Sunny' }
  await anthropic.messages.create({
    ...ask,
    messages: [...hello, { role: 'assistant', content }, { role: 'user', content: [result] }],
  })
}

const mockedPieces = () => bedrockMock.pieces({})

describe('Ollama', () => {
  it('gives every call an id where the server gives none', async () => {
    const toolCalls = weatherCalls.map(({ id: _, ...call }) => call)
    upstream.script('qwen3:8b', answerTruly({ toolCalls }))
    const completion = await client.chat.completions.create({ model: 'ollama', messages: hello })
    const ids = completion.choices[0]?.message.tool_calls?.map(({ id }) => id) ?? []
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(2)
    expect(ids[0]).toMatch(/^call_\d+_0$/)
  })

  it('needs no key and streams only when asked', async () => {
    await client.chat.completions.create({ model: 'ollama', messages: hello })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(upstream.requests[0]?.json['stream']).toBe(false)
  })
})
