import { ChatAnthropic } from '@langchain/anthropic'
import type { AIMessageChunk } from '@langchain/core/messages'
import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ScriptedUpstream } from '../harness/scripted-upstream.ts'
import { answerTruly, drip, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
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

function connection() {
  const { apiKey, baseURL } = testbed
  return { apiKey, configuration: { baseURL }, maxRetries: 0 }
}

const clients = [
  {
    client: '@langchain/openai',
    chat: (model: string, apiKey = testbed.apiKey) => new ChatOpenAI({ model, ...connection(), apiKey }),
    ending: { finish_reason: 'stop' },
    streamedUsage: { input_tokens: 11, output_tokens: 7 },
  },
  {
    client: '@langchain/anthropic',
    chat: (model: string, apiKey = testbed.apiKey) =>
      new ChatAnthropic({
        model,
        apiKey,
        anthropicApiUrl: testbed.gateway.url,
        maxRetries: 0,
        maxTokens: 100,
      }),
    ending: { stop_reason: 'end_turn' },
    // It reads the input from the first event alone, and adds up the outputs of the first and the last.
    streamedUsage: { total_tokens: expect.any(Number) },
  },
]
const cases = clients.flatMap((client) => chatUpstreams.map((target) => ({ ...client, ...target })))

const getWeather = tool(({ city }: { city: string }) => weatherIn(city), {
  name: 'get_weather',
  description: 'The weather of a city.',
  schema: z.object({ city: z.string() }),
})

async function readAll(stream: Promise<AsyncIterable<AIMessageChunk>>): Promise<AIMessageChunk[]> {
  const chunks: AIMessageChunk[] = []
  for await (const chunk of await stream) chunks.push(chunk)
  return chunks
}

function joinChunks(chunks: readonly AIMessageChunk[]): AIMessageChunk {
  return chunks.reduce((joined, chunk) => joined.concat(chunk))
}

describe.each(cases)(
  '$client against the $wire wire',
  ({ client, wire, chat, ending, streamedUsage, model, upstreamModel }) => {
    it('gets a whole answer', async () => {
      const answer = await chat(model).invoke('Hello')
      expect(answer.text).toBe('Hello from the upstream.')
      expect(answer.usage_metadata).toMatchObject({ input_tokens: 11, output_tokens: 7, total_tokens: 18 })
      expect(answer.response_metadata).toMatchObject(ending)
    })

    it('gets a stream with usage at its end', async () => {
      const chunks = await readAll(chat(model).stream('Hello'))
      expect(chunks.filter((chunk) => chunk.text !== '')).toHaveLength(4)
      const whole = joinChunks(chunks)
      expect(whole.text).toBe('Hello from the upstream.')
      expect(whole.usage_metadata).toMatchObject(streamedUsage)
    })

    it.each([false, true])(
      'calls two tools in parallel and gives their results back, stream %s',
      async (stream) => {
        upstream.script(
          upstreamModel,
          answerTruly({ toolCalls: weatherCalls }),
          answerTruly({ content: finalAnswer }),
        )
        const agent = chat(model).bindTools([getWeather])
        const first = stream
          ? joinChunks(await readAll(agent.stream(question)))
          : await agent.invoke(question)
        expect(first.tool_calls).toMatchObject([
          { id: 'toolu_paris', name: 'get_weather', args: { city: 'Paris' } },
          { id: 'toolu_rome', name: 'get_weather', args: { city: 'Rome' } },
        ])
        const results = (first.tool_calls ?? []).map(
          ({ id = '', args }) =>
            new ToolMessage({ tool_call_id: id, content: weatherIn(String(args['city'])) }),
        )
        const last = await agent.invoke([new HumanMessage(question), first, ...results])
        expect(last.text).toBe(finalAnswer)
        const sent = JSON.stringify(upstream.requestsFor(upstreamModel)[1]?.json)
        expect(sent).toContain('Paris: sunny')
        expect(sent).toContain('Rome: sunny')
      },
    )

    it('gets an answer of a JSON schema', async () => {
      const place = { city: 'Paris', inhabitants: 2_100_000 }
      upstream.script(upstreamModel, answerTruly({ content: JSON.stringify(place) }))
      const schema = z.object({ city: z.string(), inhabitants: z.number() })
      const structured = chat(model).withStructuredOutput(schema, { name: 'place', method: 'jsonSchema' })
      expect(await structured.invoke('A place.')).toEqual(place)
    })

    it.each([
      ['an unknown key', 401, () => chat(model, 'sk-riq-nobody-knows-this')],
      ['an unknown model', client === '@langchain/anthropic' ? 404 : 400, () => chat('nobody')],
    ])('throws for %s', async (_what, status, broken) => {
      await expect(broken().invoke('Hello')).rejects.toMatchObject({ status })
      expect(upstream.requests).toEqual([])
    })

    it('throws for a rate limit', async () => {
      const body = errorBody(wire, 'rate_limit_error', 'Too many.')
      upstream.script(upstreamModel, respond(429, body, { 'retry-after': '9' }))
      await expect(chat(model).invoke('Hello')).rejects.toMatchObject({ status: 429 })
      expect(upstream.requests).toHaveLength(1)
    })

    it('closes the upstream connection when it aborts', async () => {
      upstream.script(upstreamModel, drip(200, 10, { content: 'word '.repeat(500) }))
      const abort = new AbortController()
      const read = async (): Promise<void> => {
        const stream = await chat(model).stream('Hello', { signal: abort.signal })
        for await (const chunk of stream) if (chunk.text !== '') abort.abort()
      }
      await expect(read()).rejects.toThrow(/abort/i)
      await waitUntil('the upstream connection is closed', () => upstream.pendingRequests === 0, 1000)
    })
  },
)

describe('LangChain', () => {
  it('gets embeddings', async () => {
    const embeddings = new OpenAIEmbeddings({ model: 'embedder', ...connection() })
    expect(await embeddings.embedQuery('one')).toEqual([0.5, -0.25, 0.125])
    expect(await embeddings.embedDocuments(['one', 'two'])).toEqual([
      [0.5, -0.25, 0.125],
      [1.5, -0.25, 0.125],
    ])
  })

  it('gets a text completion', async () => {
    const completion = new OpenAI({ model: 'instruct', ...connection() })
    expect(await completion.invoke('Say hello')).toBe('Hello from the upstream.')
  })
})
