import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, generateText, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { anthropicError } from '../harness/anthropic-wire.ts'
import { openaiError } from '../harness/openai-wire.ts'
import { answerTruly, drip, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { answerMessage, messageOf } from './anthropic-answer.ts'
import { responsesUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { finalAnswer, question, weatherCalls, weatherIn } from './weather.ts'

let testbed: Testbed

beforeAll(async () => {
  testbed = await startTestbed()
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

/** Without `.chat` this provider calls Responses. */
const languageModel = (model: string, apiKey = testbed.apiKey): LanguageModel =>
  createOpenAI({ baseURL: testbed.baseURL, apiKey })(model)
const once = { maxRetries: 0 }
const tools = {
  get_weather: tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => weatherIn(city),
  }),
}

describe.each(responsesUpstreams)(
  '@ai-sdk/openai over Responses against the $wire wire',
  ({ wire, model, upstreamModel }) => {
    it('gets a whole answer', async () => {
      const answer = await generateText({ model: languageModel(model), prompt: 'Hello', ...once })
      expect(answer.text).toBe('Hello from the upstream.')
      expect(answer.finishReason).toBe('stop')
      expect(answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
      expect(answer.response.modelId).toBe(model)
      expect(answer.warnings ?? []).toEqual([])
    })

    it('gets a stream', async () => {
      const answer = streamText({ model: languageModel(model), prompt: 'Hello', ...once })
      const pieces: string[] = []
      for await (const piece of answer.textStream) pieces.push(piece)
      expect(pieces.filter((piece) => piece !== '')).toEqual(['Hello ', 'from ', 'the ', 'upstream.'])
      expect(await answer.finishReason).toBe('stop')
      expect(await answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
    })

    it.each([false, true])(
      'calls two tools, refers to its calls, and gives their results back, stream %s',
      async (stream) => {
        testbed.upstream.script(
          upstreamModel,
          answerTruly({ toolCalls: weatherCalls }),
          answerTruly({ content: finalAnswer }),
        )
        const options = {
          model: languageModel(model),
          prompt: question,
          tools,
          stopWhen: stepCountIs(3),
          ...once,
        }
        const answer = stream ? streamText(options) : await generateText(options)
        expect(await answer.text).toBe(finalAnswer)
        const [first] = await answer.steps
        expect(first?.toolResults.map(({ output }) => output)).toEqual(['Paris: sunny', 'Rome: sunny'])
        const requests = testbed.upstream.requestsFor(upstreamModel)
        expect(requests).toHaveLength(2)
        expect(requests[1]?.body).toContain('Paris: sunny')
        expect(requests[1]?.body).toContain('toolu_paris')
      },
    )

    it('gets an answer of a JSON schema', async () => {
      const place = { city: 'Paris', inhabitants: 2_100_000 }
      testbed.upstream.script(upstreamModel, answerTruly({ content: JSON.stringify(place) }))
      const schema = z.object({ city: z.string(), inhabitants: z.number() })
      const output = Output.object({ schema })
      const answer = await generateText({ model: languageModel(model), prompt: 'A place.', output, ...once })
      expect(answer.output).toEqual(place)
    })

    it('throws a retryable error for a rate limit', async () => {
      const body =
        wire === 'Anthropic'
          ? anthropicError('rate_limit_error', 'Too many.')
          : openaiError('Too many.', 'requests')
      testbed.upstream.script(upstreamModel, respond(429, body))
      const error = await generateText({ model: languageModel(model), prompt: 'Hello', ...once }).catch(
        (thrown: unknown) => thrown,
      )
      if (!APICallError.isInstance(error)) throw new Error(`expected an APICallError, got ${String(error)}`)
      expect(error).toMatchObject({ statusCode: 429, isRetryable: true })
      expect(error.message).toContain('Too many.')
    })

    it('closes the upstream connection when it aborts', async () => {
      testbed.upstream.script(upstreamModel, drip(200, 10, { content: 'word '.repeat(500) }))
      const abort = new AbortController()
      const options = { model: languageModel(model), prompt: 'Hello', abortSignal: abort.signal, ...once }
      const answer = streamText({ ...options, onError: () => {} })
      for await (const piece of answer.textStream) if (piece !== '') abort.abort()
      await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
    })
  },
)

it.each([false, true])('gets the thinking of a Claude model and gives it back, stream %s', async (stream) => {
  testbed.upstream.script(
    'claude-sonnet-4-5',
    answerMessage(
      messageOf([
        { type: 'thinking', thinking: 'A city.', signature: 'c2lnbmVk' },
        {
          type: 'tool_use',
          id: 'toolu_paris',
          name: 'get_weather',
          input: { city: 'Paris' },
          caller: { type: 'direct' },
        },
      ]),
    ),
    answerTruly({ content: finalAnswer }),
  )
  const providerOptions = { openai: { store: false, include: ['reasoning.encrypted_content'] } }
  const options = {
    model: languageModel('claude'),
    prompt: question,
    tools,
    stopWhen: stepCountIs(3),
    providerOptions,
    ...once,
  }
  const answer = stream ? streamText(options) : await generateText(options)
  expect(await answer.text).toBe(finalAnswer)
  const [first] = await answer.steps
  expect(first?.reasoningText).toBe('A city.')
  const messages = testbed.upstream.requests[1]?.json['messages']
  expect(JSON.stringify(messages)).toContain('"signature":"c2lnbmVk"')
})

it.each([
  ['an unknown key', 401, () => languageModel('gpt', 'sk-riq-nobody')],
  ['an unknown model', 400, () => languageModel('nobody')],
])('throws for %s', async (_what, status, modelOf) => {
  const error = await generateText({ model: modelOf(), prompt: 'Hello', ...once }).catch(
    (thrown: unknown) => thrown,
  )
  if (!APICallError.isInstance(error)) throw new Error(`expected an APICallError, got ${String(error)}`)
  expect(error.statusCode).toBe(status)
})
