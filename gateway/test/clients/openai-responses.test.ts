import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { anthropicError, anthropicEvents, formatAnthropicStream } from '../harness/anthropic-wire.ts'
import { chatChunks, formatOpenaiStream, openaiError } from '../harness/openai-wire.ts'
import { formatResponsesStream, responseEvents } from '../harness/responses-wire.ts'
import { answerByteByByte, answerTruly, cutAfter, hang, hangAfter, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { schemaErrors } from '../schemas/openai-schemas.ts'
import { responsesUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { finalAnswer, question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

type Response = OpenAI.Responses.Response
type Event = OpenAI.Responses.ResponseStreamEvent

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const tools = [
  {
    type: 'function' as const,
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: weatherParameters,
    strict: true,
  },
]

async function collectEvents(
  body: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, 'stream'>,
): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of await client.responses.create({ ...body, stream: true })) events.push(event)
  return events
}

function finalOf(events: readonly Event[]): Response {
  const last = events.at(-1)
  if (last === undefined || !('response' in last)) throw new Error('the last event has no response')
  return last.response
}

const outputsOf = ({ output }: Response): OpenAI.Responses.ResponseInputItem[] =>
  output.flatMap((item) =>
    item.type === 'function_call'
      ? {
          type: 'function_call_output' as const,
          call_id: item.call_id,
          output: weatherIn((JSON.parse(item.arguments) as { city: string }).city),
        }
      : [],
  )

describe.each(responsesUpstreams)(
  'the OpenAI SDK over Responses against the $wire wire',
  ({ wire, model, upstreamModel }) => {
    it('gets a whole answer', async () => {
      const response = await client.responses.create({ model, input: 'Hello' })
      expect(response).toMatchObject({
        object: 'response',
        status: 'completed',
        model,
        error: null,
        incomplete_details: null,
        output_text: 'Hello from the upstream.',
        usage: { input_tokens: 11, output_tokens: 7, total_tokens: 18 },
      })
      expect(response.id).toMatch(/^resp_[A-Za-z0-9_-]+$/)
      const { output_text: _, _request_id: __, ...body } = response
      expect(schemaErrors('Response', body)).toEqual([])
    })

    it('gets a stream of the public grammar', async () => {
      const events = await collectEvents({ model, input: 'Hello' })
      expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
      expect(events.flatMap((event) => schemaErrors('ResponseStreamEvent', event))).toEqual([])
      expect(events.map((event) => event.type)).toEqual([
        'response.created',
        'response.in_progress',
        'response.output_item.added',
        'response.content_part.added',
        ...Array.from({ length: 4 }, () => 'response.output_text.delta'),
        'response.output_text.done',
        'response.content_part.done',
        'response.output_item.done',
        'response.completed',
      ])
      const ids = events.flatMap((event) => ('response' in event ? event.response.id : []))
      expect(new Set(ids).size).toBe(1)
      expect(finalOf(events)).toMatchObject({ model, status: 'completed', usage: { total_tokens: 18 } })
    })

    it('gets the same stream when the network cuts it at every byte', async () => {
      const whole = await collectEvents({ model, input: 'Hello' })
      testbed.upstream.script(upstreamModel, answerByteByByte())
      const cut = await collectEvents({ model, input: 'Hello' })
      expect(cut.map(({ type }) => type)).toEqual(whole.map(({ type }) => type))
      expect(finalOf(cut).output.map(({ type }) => type)).toEqual(['message'])
    })

    it.each([false, true])('calls two tools and gives their results back, stream %s', async (stream) => {
      testbed.upstream.script(
        upstreamModel,
        answerTruly({ toolCalls: weatherCalls }),
        answerTruly({ content: finalAnswer }),
      )
      const ask = async (input: OpenAI.Responses.ResponseInput): Promise<Response> =>
        stream
          ? await client.responses.stream({ model, input, tools, store: false }).finalResponse()
          : await client.responses.create({ model, input, tools, store: false })
      const first = await ask([{ role: 'user', content: question }])
      expect(first.output).toMatchObject(
        weatherCalls.map((call) => ({
          type: 'function_call',
          call_id: call.id,
          name: call.name,
          arguments: call.arguments,
          status: 'completed',
        })),
      )
      for (const item of first.output) expect(item.id).toMatch(/^fc_/)
      const second = await ask([
        { role: 'user', content: question },
        ...(first.output as OpenAI.Responses.ResponseInput),
        ...outputsOf(first),
      ])
      expect(second.output_text).toBe(finalAnswer)
      expect(testbed.upstream.requestsFor(upstreamModel)[1]?.body).toContain('Paris: sunny')
    })

    it('counts the tokens of an input', async () => {
      const count = await client.responses.inputTokens.count({
        model,
        input: 'Hello',
        instructions: 'Be short.',
      })
      expect(schemaErrors('TokenCountsResource', count)).toEqual([])
      if (wire === 'Responses') expect(count.input_tokens).toBe(11)
      else expect(count.input_tokens).toBeGreaterThan(2)
      expect(count.input_tokens).toBeLessThan(40)
    })

    it('gets an answer of a JSON schema', async () => {
      const Place = z.object({ city: z.string(), inhabitants: z.number() })
      const place = { city: 'Paris', inhabitants: 2_100_000 }
      testbed.upstream.script(upstreamModel, answerTruly({ content: JSON.stringify(place) }))
      const body = { model, input: 'A place.', text: { format: zodTextFormat(Place, 'place') } }
      expect((await client.responses.parse(body)).output_parsed).toEqual(place)
    })

    it('throws what the upstream refuses, before a stream as well', async () => {
      const body =
        wire === 'Anthropic'
          ? anthropicError('rate_limit_error', 'Too many.')
          : openaiError('Too many.', 'requests')
      for (const stream of [false, true]) {
        testbed.upstream.script(upstreamModel, respond(429, body, { 'retry-after': '9' }))
        const error = await client.responses
          .create({ model, input: 'Hello', stream })
          .catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(OpenAI.RateLimitError)
        expect((error as Error).message).toContain('Too many.')
      }
    })

    it('is told by response.failed when a stream breaks off', async () => {
      const begun = {
        Responses: formatResponsesStream(responseEvents().slice(0, 6)),
        OpenAI: formatOpenaiStream(chatChunks().slice(0, 3)).replace('data: [DONE]\n\n', ''),
        Anthropic: formatAnthropicStream(anthropicEvents().slice(0, 4)),
      }[wire]
      testbed.upstream.script(upstreamModel, cutAfter(begun))
      const events = await collectEvents({ model, input: 'Hello' })
      expect(events.at(-1)?.type).toBe('response.failed')
      expect(finalOf(events)).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
      expect(events.flatMap((event) => schemaErrors('ResponseStreamEvent', event))).toEqual([])
      expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
    })

    it('closes the upstream connection when it aborts', async () => {
      testbed.upstream.script(upstreamModel, hang())
      const abort = new AbortController()
      const answer = client.responses.create({ model, input: 'Hello' }, { signal: abort.signal })
      const outcome = expect(answer).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
      await waitUntil('the upstream has the request', () => testbed.upstream.requests.length === 1)
      abort.abort()
      await outcome
      await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
    })

    it('closes the upstream connection when it leaves a stream', async () => {
      const begun = {
        Responses: formatResponsesStream(responseEvents().slice(0, 6)),
        OpenAI: formatOpenaiStream(chatChunks().slice(0, 3)).replace('data: [DONE]\n\n', ''),
        Anthropic: formatAnthropicStream(anthropicEvents().slice(0, 5)),
      }[wire]
      testbed.upstream.script(upstreamModel, hangAfter(begun))
      const stream = await client.responses.create({ model, input: 'Hello', stream: true })
      for await (const event of stream) if (event.type === 'response.output_text.delta') break
      await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0, 1000)
    })

    it.each([false, true])('continues a response by its id, stream %s', async (stream) => {
      const create = async (body: OpenAI.Responses.ResponseCreateParamsNonStreaming): Promise<Response> =>
        stream
          ? await client.responses.stream({ ...body, stream: true }).finalResponse()
          : await client.responses.create(body)
      const first = await create({ model, input: 'My name is Ada.', instructions: 'Be short.' })
      const second = await create({ model, input: 'What is my name?', previous_response_id: first.id })
      expect(second.previous_response_id).toBe(first.id)
      const sent = testbed.upstream.requestsFor(upstreamModel)[1]
      if (wire === 'Responses') {
        expect(sent?.json).toMatchObject({ previous_response_id: 'resp_upstream' })
      } else {
        const texts = JSON.stringify(sent?.json['messages'])
        expect(texts).toContain('My name is Ada.')
        expect(texts).toContain('Hello from the upstream.')
        expect(texts).toContain('What is my name?')
        expect(sent?.body).not.toContain('Be short.')
      }
    })
  },
)

it.each([
  [
    'an unknown key',
    401,
    () => new OpenAI({ baseURL: testbed.baseURL, apiKey: 'sk-riq-nobody', maxRetries: 0 }),
  ],
  ['an unknown model', 400, () => client],
])('throws for %s', async (what, status, clientOf) => {
  const model = what === 'an unknown model' ? 'nobody' : 'gpt'
  const error = await clientOf()
    .responses.create({ model, input: 'Hello' })
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ status })
  const { error: members } = error as { error: object }
  expect(schemaErrors('ErrorResponse', { error: members })).toEqual([])
})

it('is told which tools of OpenAI a model does not get, and refused one that it must call', async () => {
  const hosted = [
    ...tools,
    { type: 'file_search' as const, vector_store_ids: ['vs_1'] },
    { type: 'web_search' as const },
  ]
  const { response } = await client.responses
    .create({ model: 'llama', input: 'Hello', tools: hosted })
    .withResponse()
  expect(response.headers.get('x-routeiq-dropped')).toBe('tools.file_search,tools.web_search')
  expect(testbed.upstream.requests[0]?.json['tools']).toHaveLength(1)
  const forced = client.responses.create({
    model: 'llama',
    input: 'Hello',
    tools: hosted,
    tool_choice: { type: 'file_search' },
  })
  await expect(forced).rejects.toMatchObject({ status: 400, param: 'tool_choice' })
})
