import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { APICallError, generateText, stepCountIs, streamText, tool } from 'ai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { answerTruly, drip } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { chatUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { finalAnswer, question, weatherCalls, weatherIn } from './weather.ts'

let testbed: Testbed

beforeAll(async () => {
  testbed = await startTestbed()
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const google = (apiKey = testbed.apiKey) =>
  createGoogleGenerativeAI({ baseURL: `${testbed.gateway.url}/v1beta`, apiKey })
const once = { maxRetries: 0 }
const tools = {
  get_weather: tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => weatherIn(city),
  }),
}

describe.each(chatUpstreams)('@ai-sdk/google against the $wire wire', ({ model, upstreamModel }) => {
  it('gets a whole answer', async () => {
    const answer = await generateText({ model: google()(model), prompt: 'Hello', ...once })
    expect(answer.text).toBe('Hello from the upstream.')
    expect(answer.finishReason).toBe('stop')
    expect(answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  it('gets a stream', async () => {
    const answer = streamText({ model: google()(model), prompt: 'Hello', ...once })
    const pieces: string[] = []
    for await (const piece of answer.textStream) pieces.push(piece)
    expect(pieces.join('')).toBe('Hello from the upstream.')
    expect(await answer.finishReason).toBe('stop')
    expect(await answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  it.each([false, true])('runs two tools and goes on, stream %s', async (stream) => {
    testbed.upstream.script(
      upstreamModel,
      answerTruly({ toolCalls: weatherCalls }),
      answerTruly({ content: finalAnswer }),
    )
    const call = { model: google()(model), prompt: question, tools, stopWhen: stepCountIs(2), ...once }
    const text = stream ? await streamText(call).text : (await generateText(call)).text
    expect(text).toBe(finalAnswer)
    const sent = JSON.stringify(testbed.upstream.requestsFor(upstreamModel)[1]?.json)
    expect(sent).toContain('Paris: sunny')
    expect(sent).toContain('Rome: sunny')
  })

  it.each([
    [401, 'sk-wrong', undefined],
    [404, undefined, 'none'],
  ])('throws an APICallError with status %i', async (statusCode, key, name) => {
    const error = await generateText({ model: google(key)(name ?? model), prompt: 'Hello', ...once }).catch(
      (thrown: unknown) => thrown,
    )
    if (!APICallError.isInstance(error)) throw new Error(`expected an APICallError, got ${String(error)}`)
    expect(error.statusCode).toBe(statusCode)
    expect(testbed.upstream.requests).toEqual([])
  })

  it('closes the upstream connection when it aborts', async () => {
    testbed.upstream.script(upstreamModel, drip(8, 50))
    const abort = new AbortController()
    const answer = streamText({
      model: google()(model),
      prompt: 'Hello',
      abortSignal: abort.signal,
      onError: () => {},
      ...once,
    })
    for await (const _ of answer.textStream) {
      abort.abort()
      break
    }
    await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 2000)
  })
})
