import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chatChunks, chatCompletion, formatOpenaiStream } from '../harness/openai-wire.ts'
import { answerByteByByte, answerTruly, hang, hangAfter, respond, respondStream } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { chatUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { beginningOfStream } from './upstream-words.ts'
import { finalAnswer, question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const hello = [{ role: 'user' as const, content: 'Hello' }]
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

async function collectChunks(body: Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'stream'>) {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
    chunks.push(chunk)
  return chunks
}

describe.each(chatUpstreams)('the OpenAI SDK against the $wire wire', ({ wire, model, upstreamModel }) => {
  it('gets a whole answer', async () => {
    const completion = await client.chat.completions.create({ model, messages: hello })
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello from the upstream.', refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage,
    })
    expect(completion.id).toMatch(/^chatcmpl-/)
    expect(completion.created).toBeGreaterThan(1_700_000_000)
    expect(completion._request_id).toMatch(/^[A-Za-z0-9\-_.]+$/)
  })

  it('gets a stream: one head, the text in pieces, one finish', async () => {
    const chunks = await collectChunks({ model, messages: hello })
    const [first] = chunks
    for (const { id, created, model: name, object } of chunks) {
      expect({ id, created, name, object }).toEqual({
        id: first?.id,
        created: first?.created,
        name: model,
        object: 'chat.completion.chunk',
      })
    }
    expect(first?.choices[0]?.delta.role).toBe('assistant')
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.content ?? [])
    expect(deltas.join('')).toBe('Hello from the upstream.')
    expect(deltas.filter((text) => text !== '')).toHaveLength(4)
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop'])
  })

  it('gets the same stream when the network cuts it at every byte', async () => {
    const whole = await collectChunks({ model, messages: hello })
    testbed.upstream.script(upstreamModel, answerByteByByte())
    const cut = await collectChunks({ model, messages: hello })
    expect(cut.map((chunk) => chunk.choices)).toEqual(whole.map((chunk) => chunk.choices))
  })

  it('gets usage in a stream when it asks', async () => {
    const chunks = await collectChunks({ model, messages: hello, stream_options: { include_usage: true } })
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage })
    expect(chunks.slice(0, -1).filter((chunk) => chunk.usage)).toEqual([])
  })

  it.each([undefined, { include_usage: false }])(
    'gets no usage in a stream for %j',
    async (stream_options) => {
      const options = stream_options === undefined ? {} : { stream_options }
      const chunks = await collectChunks({ model, messages: hello, ...options })
      expect(chunks.filter((chunk) => chunk.usage)).toEqual([])
      expect(chunks.filter((chunk) => chunk.choices.length === 0)).toEqual([])
    },
  )

  it.each([false, true])(
    'calls two tools in parallel and gives their results back, stream %s',
    async (stream) => {
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
      const messages = [{ role: 'user' as const, content: question }]
      const runner = stream
        ? client.chat.completions.runTools({ model, messages, tools, stream })
        : client.chat.completions.runTools({ model, messages, tools })
      expect(await runner.finalContent()).toBe(finalAnswer)
      const calls = weatherCalls.map(({ id, name, arguments: text }) => ({
        id,
        type: 'function',
        function: { name, arguments: text },
      }))
      expect(runner.messages.slice(1)).toMatchObject([
        { role: 'assistant', tool_calls: calls },
        { role: 'tool', tool_call_id: 'toolu_paris', content: 'Paris: sunny' },
        { role: 'tool', tool_call_id: 'toolu_rome', content: 'Rome: sunny' },
        { role: 'assistant', content: finalAnswer },
      ])
      expect(testbed.upstream.requestsFor(upstreamModel)).toHaveLength(2)
    },
  )

  const Place = z.object({ city: z.string(), inhabitants: z.number() })
  const place = { city: 'Paris', inhabitants: 2_100_000 }

  it('gets an answer of a JSON schema', async () => {
    testbed.upstream.script(upstreamModel, answerTruly({ content: JSON.stringify(place) }))
    const body = { model, messages: hello, response_format: zodResponseFormat(Place, 'place') }
    const completion = await client.chat.completions.parse(body)
    expect(completion.choices[0]?.message.parsed).toEqual(place)
    const streamed = await client.chat.completions.stream(body).finalChatCompletion()
    expect(streamed.choices[0]?.message.parsed).toEqual(place)
  })

  it.each([false, true])(
    'closes the upstream connection when it aborts before the answer, stream %s',
    async (stream) => {
      testbed.upstream.script(upstreamModel, hang())
      const abort = new AbortController()
      const { signal } = abort
      const answer = client.chat.completions.create({ model, messages: hello, stream }, { signal })
      const outcome = expect(answer).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
      await waitUntil('the upstream has the request', () => testbed.upstream.requests.length === 1)
      abort.abort()
      await outcome
      await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
    },
  )

  it('closes the upstream connection when it aborts within a stream', async () => {
    testbed.upstream.script(upstreamModel, hangAfter(beginningOfStream(wire)))
    const stream = await client.chat.completions.create({ model, messages: hello, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
    expect(testbed.upstream.requests).toHaveLength(1)
  })

  it('sends what it does not know upstream as it is', async () => {
    const unknown = { mystery: { depth: [1, { two: 'ü' }] } }
    await client.chat.completions.create({ model, messages: hello, ...unknown })
    expect(testbed.upstream.requests[0]?.model).toBe(upstreamModel)
    expect(testbed.upstream.requests[0]?.json).toMatchObject(unknown)
  })
})

describe('the OpenAI SDK on its own wire', () => {
  it('sends exactly its own body with the model replaced', async () => {
    const body = {
      messages: [
        { role: 'developer' as const, content: 'Be short.', x_note: 1 },
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'Hello', x_mark: { a: null } }] },
      ],
      temperature: 1.5,
      seed: 7,
      logit_bias: { '50256': -100 },
      max_completion_tokens: 20,
    }
    await client.chat.completions.create({ model: 'gpt', ...body })
    expect(testbed.upstream.requests[0]?.json).toEqual({ model: 'gpt-4o-mini', ...body })
  })

  it('gets members it does not know, whole and streamed', async () => {
    const marked = (event: object) => ({ ...event, x_vendor: { cost: 0.25 } })
    testbed.upstream.script('gpt-4o-mini', respond(200, marked(chatCompletion())))
    const completion = await client.chat.completions.create({ model: 'gpt', messages: hello })
    expect(completion).toEqual({ ...marked(chatCompletion()), model: 'gpt' })
    testbed.upstream.script('gpt-4o-mini', respondStream(formatOpenaiStream(chatChunks().map(marked))))
    const chunks = await collectChunks({ model: 'gpt', messages: hello })
    expect(chunks).toEqual(chatChunks().map((chunk) => ({ ...marked(chunk), model: 'gpt' })))
  })

  it('gets several choices, whole and streamed', async () => {
    const texts = ['One.', 'Two.']
    const choices = texts.map((content, index) => ({
      index,
      message: { role: 'assistant', content, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    }))
    testbed.upstream.script('gpt-4o-mini', respond(200, { ...chatCompletion(), choices }))
    const whole = await client.chat.completions.create({ model: 'gpt', messages: hello, n: 2 })
    expect(whole.choices.map((choice) => choice.message.content)).toEqual(texts)
    expect(testbed.upstream.requests[0]?.json['n']).toBe(2)
    const events = texts.flatMap((content, index) =>
      chatChunks({ content }).map((chunk) => {
        const [choice] = (chunk as OpenAI.ChatCompletionChunk).choices
        return { ...chunk, choices: [{ ...choice, index }] }
      }),
    )
    testbed.upstream.script('gpt-4o-mini', respondStream(formatOpenaiStream(events)))
    const streamed = await client.chat.completions
      .stream({ model: 'gpt', messages: hello, n: 2 })
      .finalChatCompletion()
    expect(streamed.choices.map((choice) => choice.message.content)).toEqual(texts)
  })
})
