import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  embedMany,
  generateText,
  type LanguageModel,
  Output,
  stepCountIs,
  streamText,
  tool,
} from 'ai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ScriptedUpstream } from '../harness/scripted-upstream.ts'
import { answerTruly, drip, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { answerMessage, messageOf } from './anthropic-answer.ts'
import { chatUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { errorBody } from './upstream-words.ts'
import { finalAnswer, question, weatherCalls, weatherIn } from './weather.ts'

let testbed: Testbed
let upstream: ScriptedUpstream

beforeAll(async () => {
  testbed = await startTestbed()
  upstream = testbed.upstream
})
afterEach(() => upstream.reset())
afterAll(() => testbed?.stop())

const openai = (apiKey = testbed.apiKey) => createOpenAI({ baseURL: testbed.baseURL, apiKey })
const compatible = (apiKey = testbed.apiKey) =>
  createOpenAICompatible({
    name: 'routeiq',
    baseURL: testbed.baseURL,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  })

const anthropic = (apiKey = testbed.apiKey) => createAnthropic({ baseURL: testbed.baseURL, apiKey })

const embedders = [
  { provider: '@ai-sdk/openai', embedding: () => openai().embedding('embedder') },
  { provider: '@ai-sdk/openai-compatible', embedding: () => compatible().embeddingModel('embedder') },
]
const providers = [
  {
    provider: '@ai-sdk/openai',
    chat: (model: string, apiKey?: string): LanguageModel => openai(apiKey).chat(model),
  },
  {
    provider: '@ai-sdk/openai-compatible',
    chat: (model: string, apiKey?: string): LanguageModel => compatible(apiKey).chatModel(model),
  },
  {
    provider: '@ai-sdk/anthropic',
    chat: (model: string, apiKey?: string): LanguageModel => anthropic(apiKey)(model),
  },
]
const cases = providers.flatMap((provider) => chatUpstreams.map((target) => ({ ...provider, ...target })))
const once = { maxRetries: 0, maxOutputTokens: 1000 }

describe.each(cases)('$provider against the $wire wire', ({ provider, wire, chat, model, upstreamModel }) => {
  const tools = {
    get_weather: tool({
      description: 'The weather of a city.',
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => weatherIn(city),
    }),
  }

  it('gets a whole answer', async () => {
    const answer = await generateText({ model: chat(model), prompt: 'Hello', ...once })
    expect(answer.text).toBe('Hello from the upstream.')
    expect(answer.finishReason).toBe('stop')
    expect(answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7, totalTokens: 18 })
    expect(answer.response.modelId).toBe(model)
  })

  it('gets a stream', async () => {
    const answer = streamText({ model: chat(model), prompt: 'Hello', ...once })
    const pieces: string[] = []
    for await (const piece of answer.textStream) pieces.push(piece)
    expect(pieces.join('')).toBe('Hello from the upstream.')
    expect(pieces.filter((piece) => piece !== '')).toHaveLength(4)
    expect(await answer.finishReason).toBe('stop')
    expect(await answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  it.each([false, true])(
    'calls two tools in parallel and gives their results back, stream %s',
    async (stream) => {
      upstream.script(
        upstreamModel,
        answerTruly({ toolCalls: weatherCalls }),
        answerTruly({ content: finalAnswer }),
      )
      const options = { model: chat(model), prompt: question, tools, stopWhen: stepCountIs(3), ...once }
      const answer = stream ? streamText(options) : await generateText(options)
      expect(await answer.text).toBe(finalAnswer)
      const [first] = await answer.steps
      expect(first?.toolResults).toMatchObject([
        {
          toolCallId: 'toolu_paris',
          toolName: 'get_weather',
          input: { city: 'Paris' },
          output: 'Paris: sunny',
        },
        { toolCallId: 'toolu_rome', toolName: 'get_weather', input: { city: 'Rome' }, output: 'Rome: sunny' },
      ])
      expect(upstream.requestsFor(upstreamModel)).toHaveLength(2)
    },
  )

  it('gets an answer of a JSON schema', async () => {
    const place = { city: 'Paris', inhabitants: 2_100_000 }
    upstream.script(upstreamModel, answerTruly({ content: JSON.stringify(place) }))
    const schema = z.object({ city: z.string(), inhabitants: z.number() })
    const answer = await generateText({
      model: chat(model),
      prompt: 'A place.',
      output: Output.object({ schema }),
      ...once,
    })
    expect(answer.output).toEqual(place)
  })

  it.each([
    ['an unknown key', 401, () => chat(model, 'sk-riq-nobody-knows-this')],
    ['an unknown model', provider === '@ai-sdk/anthropic' ? 404 : 400, () => chat('nobody')],
  ])('throws for %s', async (_what, status, brokenModel) => {
    const error = await generateText({ model: brokenModel(), prompt: 'Hello', ...once }).catch(
      (thrown: unknown) => thrown,
    )
    if (!APICallError.isInstance(error)) throw new Error(`expected an APICallError, got ${String(error)}`)
    expect(error.statusCode).toBe(status)
    expect(error.isRetryable).toBe(false)
    expect(upstream.requests).toEqual([])
  })

  it('throws a retryable error for a rate limit', async () => {
    const body = errorBody(wire, 'rate_limit_error', 'Too many.')
    upstream.script(upstreamModel, respond(429, body, { 'retry-after': '9' }))
    const error = await generateText({ model: chat(model), prompt: 'Hello', ...once }).catch(
      (thrown: unknown) => thrown,
    )
    if (!APICallError.isInstance(error)) throw new Error(`expected an APICallError, got ${String(error)}`)
    expect(error).toMatchObject({ statusCode: 429, isRetryable: true })
    expect(error.message).toContain('Too many.')
    expect(error.responseHeaders?.['retry-after']).toBe('9')
  })

  it('closes the upstream connection when it aborts', async () => {
    upstream.script(upstreamModel, drip(200, 10, { content: 'word '.repeat(500) }))
    const abort = new AbortController()
    const answer = streamText({
      model: chat(model),
      prompt: 'Hello',
      abortSignal: abort.signal,
      onError: () => {},
      ...once,
    })
    for await (const piece of answer.textStream) if (piece !== '') abort.abort()
    await waitUntil('the upstream connection is closed', () => upstream.pendingRequests === 0, 1000)
    expect(upstream.requests).toHaveLength(1)
  })
})

describe.each(embedders)('$provider', ({ embedding }) => {
  it('gets embeddings', async () => {
    const answer = await embedMany({ model: embedding(), values: ['one', 'two'], ...once })
    expect(answer.embeddings).toEqual([
      [0.5, -0.25, 0.125],
      [1.5, -0.25, 0.125],
    ])
    expect(answer.usage.tokens).toBe(5)
  })
})

describe('@ai-sdk/openai-compatible', () => {
  it.each([false, true])('gets the thinking of a Claude model, stream %s', async (stream) => {
    upstream.script(
      'claude-sonnet-4-5',
      answerMessage(
        messageOf([
          { type: 'thinking', thinking: 'A greeting.', signature: 'c2lnbmVk' },
          { type: 'text', text: 'Hello!', citations: null },
        ]),
      ),
    )
    const options = { model: compatible().chatModel('claude'), prompt: 'Hello', ...once }
    const answer = stream ? streamText(options) : await generateText(options)
    expect(await answer.text).toBe('Hello!')
    expect(await answer.reasoningText).toBe('A greeting.')
  })
})
