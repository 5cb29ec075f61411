import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openaiError } from '../harness/openai-wire.ts'
import { formatResponsesStream, responseEvents } from '../harness/responses-wire.ts'
import { answerByteByByte, answerTruly, cutAfter, respond } from '../harness/steps.ts'
import { schemaErrors } from '../schemas/openai-schemas.ts'
import { startTestbed, type Testbed } from './testbed.ts'
import { finalAnswer, question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

/** A deployment of `openai/responses/…`: clients of chat completions are answered by way of Responses. */
const model = 'gpt-by-responses'
const upstreamModel = 'gpt-4.1-mini'

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const messages = [{ role: 'user' as const, content: 'Hello' }]

it('answers a chat completion by Responses', async () => {
  const completion = await client.chat.completions.create({ model, messages })
  expect(completion.choices[0]).toMatchObject({
    message: { role: 'assistant', content: 'Hello from the upstream.' },
    finish_reason: 'stop',
  })
  expect(completion.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7 })
  expect(schemaErrors('CreateChatCompletionResponse', JSON.parse(JSON.stringify(completion)))).toEqual([])
  expect(testbed.upstream.requests[0]).toMatchObject({
    path: '/v1/responses',
    json: { model: upstreamModel, store: false },
  })
})

it('streams, however the network cuts the stream', async () => {
  testbed.upstream.script(upstreamModel, answerByteByByte())
  const stream_options = { include_usage: true }
  const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options })
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
    'Hello from the upstream.',
  )
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 18 } })
  expect(chunks.flatMap((chunk) => schemaErrors('CreateChatCompletionStreamResponse', chunk))).toEqual([])
})

it.each([false, true])('calls two tools and gives their results back, stream %s', async (stream) => {
  testbed.upstream.script(
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
  const body = { model, messages: [{ role: 'user' as const, content: question }], tools }
  const runner = stream
    ? client.chat.completions.runTools({ ...body, stream })
    : client.chat.completions.runTools(body)
  expect(await runner.finalContent()).toBe(finalAnswer)
  const input = testbed.upstream.requests[1]?.json['input'] as { type?: string; output?: string }[]
  expect(input.filter(({ type }) => type === 'function_call_output').map(({ output }) => output)).toEqual([
    'Paris: sunny',
    'Rome: sunny',
  ])
})

it('throws what the upstream refuses and what breaks off', async () => {
  testbed.upstream.script(upstreamModel, respond(429, openaiError('Too many.', 'requests')))
  await expect(client.chat.completions.create({ model, messages })).rejects.toBeInstanceOf(
    OpenAI.RateLimitError,
  )
  testbed.upstream.script(upstreamModel, cutAfter(formatResponsesStream(responseEvents().slice(0, 6))))
  const stream = await client.chat.completions.create({ model, messages, stream: true })
  const read = async () => {
    for await (const _ of stream);
  }
  await expect(read()).rejects.toThrow()
})
