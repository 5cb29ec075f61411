import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { answerTruly, hang } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { responsesUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { finalAnswer, question, weatherCalls, weatherIn } from './weather.ts'

let testbed: Testbed

beforeAll(async () => {
  testbed = await startTestbed()
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

/** Agents call Responses unless they are told otherwise. */
function runnerOf(apiKey = testbed.apiKey): Runner {
  const openAIClient = new OpenAI({ baseURL: testbed.baseURL, apiKey, maxRetries: 0 })
  const modelProvider = new OpenAIProvider({ openAIClient, useResponses: true })
  return new Runner({ modelProvider, tracingDisabled: true })
}

function weatherAgent(model: string, asked: string[] = []): Agent {
  const getWeather = tool({
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      asked.push(city)
      return weatherIn(city)
    },
  })
  return new Agent({ name: 'Weather', instructions: 'Say how the weather is.', model, tools: [getWeather] })
}

describe.each(responsesUpstreams)('@openai/agents against the $wire wire', ({ model, upstreamModel }) => {
  it('runs an agent', async () => {
    const result = await runnerOf().run(weatherAgent(model), 'Hello')
    expect(result.finalOutput).toBe('Hello from the upstream.')
    expect(result.rawResponses[0]?.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  it.each([false, true])('calls two tools and goes on with their results, stream %s', async (stream) => {
    testbed.upstream.script(
      upstreamModel,
      answerTruly({ toolCalls: weatherCalls }),
      answerTruly({ content: finalAnswer }),
    )
    const asked: string[] = []
    const agent = weatherAgent(model, asked)
    const runner = runnerOf()
    if (stream) {
      const result = await runner.run(agent, question, { stream })
      let text = ''
      for await (const piece of result.toTextStream()) text += piece
      await result.completed
      expect(text).toBe(finalAnswer)
    } else {
      expect((await runner.run(agent, question)).finalOutput).toBe(finalAnswer)
    }
    expect(asked.toSorted()).toEqual(['Paris', 'Rome'])
    const requests = testbed.upstream.requestsFor(upstreamModel)
    expect(requests).toHaveLength(2)
    for (const city of asked) expect(requests[1]?.body).toContain(weatherIn(city))
  })

  it('goes on from a kept response', async () => {
    const runner = runnerOf()
    const agent = weatherAgent(model)
    const first = await runner.run(agent, 'My name is Ada.')
    const previousResponseId = first.lastResponseId
    if (previousResponseId === undefined) throw new Error('the response has no id')
    const second = await runner.run(agent, 'What is my name?', { previousResponseId })
    expect(second.finalOutput).toBe('Hello from the upstream.')
    expect(testbed.upstream.requestsFor(upstreamModel)).toHaveLength(2)
  })

  it('is stopped by its signal, and the upstream with it', async () => {
    testbed.upstream.script(upstreamModel, hang())
    const abort = new AbortController()
    const outcome = expect(
      runnerOf().run(weatherAgent(model), 'Hello', { signal: abort.signal }),
    ).rejects.toThrow()
    await waitUntil('the upstream has the request', () => testbed.upstream.requests.length === 1)
    abort.abort()
    await outcome
    await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
  })
})

it.each([
  ['an unknown key', 401, () => runnerOf('sk-riq-nobody'), 'gpt'],
  ['an unknown model', 400, () => runnerOf(), 'nobody'],
])('@openai/agents throws for %s', async (_what, status, runner, model) => {
  await expect(runner().run(weatherAgent(model), 'Hello')).rejects.toMatchObject({ status })
})
