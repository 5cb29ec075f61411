import LegacyAnthropic from '@anthropic-ai/sdk'
import CurrentAnthropic from 'anthropic-sdk-v1'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ScriptedUpstream } from '../harness/scripted-upstream.ts'
import { answerTruly, drip, respond, respondStream } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { chatUpstreams, startTestbed, type Testbed } from './testbed.ts'
import { beginningOfStream, errorBody } from './upstream-words.ts'
import { finalAnswer, question, weatherCalls, weatherIn, weatherParameters } from './weather.ts'

let testbed: Testbed
let upstream: ScriptedUpstream

beforeAll(async () => {
  testbed = await startTestbed()
  upstream = testbed.upstream
})
afterEach(() => upstream.reset())
afterAll(() => testbed?.stop())

/** The members both versions have; the newer one is built against the same declarations. */
type Client = LegacyAnthropic
type Message = LegacyAnthropic.Message

const sdks = [
  { sdk: '0.120.0', version: '2023-06-01', Anthropic: LegacyAnthropic },
  { sdk: '1.11.0', version: '2026-10-21', Anthropic: CurrentAnthropic as unknown as typeof LegacyAnthropic },
] as const
const cases = sdks.flatMap((client) => chatUpstreams.map((target) => ({ ...client, ...target })))

function connect(Anthropic: typeof LegacyAnthropic, apiKey = testbed.apiKey): Client {
  return new Anthropic({ baseURL: testbed.gateway.url, apiKey, maxRetries: 0 })
}

const tools: LegacyAnthropic.Tool[] = [
  {
    name: 'get_weather',
    description: 'The weather of a city.',
    input_schema: weatherParameters as LegacyAnthropic.Tool.InputSchema,
  },
]

describe.each(cases)(
  'SDK $sdk against the $wire wire',
  ({ Anthropic, wire, model, upstreamModel, version }) => {
    const ask = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] }

    it('gets a whole answer', async () => {
      const message = await connect(Anthropic).messages.create(ask)
      expect(message).toMatchObject({
        type: 'message',
        role: 'assistant',
        model,
        content: [{ type: 'text', text: 'Hello from the upstream.' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: {
          input_tokens: 11,
          output_tokens: 7,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
        },
      })
      expect(message.id).toMatch(/^msg_/)
      expect(message._request_id).toMatch(/\S/)
      expect(upstream.requestsFor(upstreamModel)).toHaveLength(1)
    })

    it('gets a stream', async () => {
      const stream = connect(Anthropic).messages.stream(ask)
      const pieces: string[] = []
      stream.on('text', (text) => pieces.push(text))
      const message = await stream.finalMessage()
      expect(pieces.join('')).toBe('Hello from the upstream.')
      expect(message).toMatchObject({ model, stop_reason: 'end_turn', usage: { output_tokens: 7 } })
      expect(message.id).toMatch(/^msg_/)
    })

    it.each([false, true])(
      'calls two tools in parallel and gives their results back, stream %s',
      async (stream) => {
        upstream.script(
          upstreamModel,
          answerTruly({ toolCalls: weatherCalls }),
          answerTruly({ content: finalAnswer }),
        )
        const client = connect(Anthropic)
        const turn = (messages: LegacyAnthropic.MessageParam[]): Promise<Message> => {
          const body = { model, max_tokens: 100, messages, tools }
          return stream ? client.messages.stream(body).finalMessage() : client.messages.create(body)
        }
        const asked: LegacyAnthropic.MessageParam = { role: 'user', content: question }
        const first = await turn([asked])
        expect(first.stop_reason).toBe('tool_use')
        const calls = first.content.filter((block) => block.type === 'tool_use')
        expect(calls).toMatchObject([
          { id: 'toolu_paris', name: 'get_weather', input: { city: 'Paris' } },
          { id: 'toolu_rome', name: 'get_weather', input: { city: 'Rome' } },
        ])
        const results = calls.map(({ id, input }) => ({
          type: 'tool_result' as const,
          tool_use_id: id,
          content: weatherIn((input as { city: string }).city),
        }))
        const last = await turn([
          asked,
          { role: 'assistant', content: first.content },
          { role: 'user', content: results },
        ])
        expect(last.content).toMatchObject([{ type: 'text', text: finalAnswer }])
        const sent = JSON.stringify(upstream.requestsFor(upstreamModel)[1]?.json)
        expect(sent).toContain('Paris: sunny')
        expect(sent).toContain('Rome: sunny')
      },
    )

    it('counts tokens', async () => {
      upstream.script(upstreamModel, respond(200, { input_tokens: 42 }))
      const { input_tokens } = await connect(Anthropic).messages.countTokens({
        model,
        messages: ask.messages,
        tools,
      })
      if (wire === 'Anthropic') expect(input_tokens).toBe(42)
      else expect(input_tokens).toBeGreaterThan(20)
    })

    it.each([
      ['an unknown key', 401, 'authentication_error', 'sk-riq-nobody-knows-this', undefined],
      ['an unknown model', 404, 'not_found_error', undefined, 'nobody'],
    ])('throws for %s', async (_what, status, type, apiKey, unknown) => {
      const client = connect(Anthropic, apiKey)
      const error = await client.messages
        .create({ ...ask, model: unknown ?? model })
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ status, error: { type: 'error', error: { type } } })
      expect(error).toMatchObject({ requestID: expect.any(String) })
      expect(upstream.requests).toEqual([])
    })

    it('throws for a rate limit of the provider', async () => {
      const body = errorBody(wire, 'rate_limit_error', 'Too many.')
      upstream.script(upstreamModel, respond(429, body, { 'retry-after': '9' }))
      const error = await connect(Anthropic)
        .messages.create(ask)
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Anthropic.RateLimitError)
      expect(error).toMatchObject({ error: { error: { type: 'rate_limit_error' } } })
      expect((error as InstanceType<typeof Anthropic.APIError>).headers?.get('retry-after')).toBe('9')
    })

    it('throws for a stream that breaks off', async () => {
      const failure = errorBody(wire, 'api_error', 'Gone.')
      const begun = `${beginningOfStream(wire)}event: error\ndata: ${JSON.stringify(failure)}\n\n`
      upstream.script(upstreamModel, respondStream(begun))
      const error = await connect(Anthropic)
        .messages.stream(ask)
        .finalMessage()
        .catch((thrown: unknown) => thrown)
      expect(String(error)).toContain('Gone.')
    })

    it('closes the upstream connection when it aborts', async () => {
      upstream.script(upstreamModel, drip(200, 10, { content: 'word '.repeat(500) }))
      const stream = connect(Anthropic).messages.stream(ask)
      stream.on('text', () => stream.abort())
      await expect(stream.finalMessage()).rejects.toThrow(/abort/i)
      await waitUntil('the upstream connection is closed', () => upstream.pendingRequests === 0, 1000)
    })

    it('is the version it claims to be', async () => {
      await connect(Anthropic).messages.create(ask)
      const headers = upstream.requests[0]?.headers ?? {}
      if (wire === 'Anthropic') expect(headers['anthropic-version']).toBe(version)
      else expect(headers).not.toHaveProperty('anthropic-version')
      expect(JSON.stringify(headers)).not.toContain(testbed.apiKey)
    })
  },
)

describe('the newer API version', () => {
  it.each([false, true])('takes no sampling parameters: %s', async (isCurrent) => {
    const client = connect(isCurrent ? sdks[1].Anthropic : LegacyAnthropic)
    const body = {
      model: 'gpt',
      max_tokens: 5,
      temperature: 1,
      messages: [{ role: 'user' as const, content: 'Hi' }],
    }
    const answer = client.messages.create(body)
    if (isCurrent) await expect(answer).rejects.toMatchObject({ status: 400 })
    else expect((await answer).stop_reason).toBe('end_turn')
  })
})
