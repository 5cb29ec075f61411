import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { openStream } from '../harness/read-stream.ts'
import { type ScriptedUpstream, type Step, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { answerTruly, hang, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { type OpenaiSchema, schemaErrors } from '../schemas/openai-schemas.ts'
import { conversationConfig, createTopics, headers, load, topics } from './conversations.ts'

const said = 'Please handle this refund for me'
const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const clientCall = { id: 'call_mine', name: 'get_weather', arguments: '{"city":"Paris"}' }

interface Wire {
  readonly path: string
  request(model: string): object
  /** What is wrong with a whole answer, or with the events of a stream. */
  faultsOf(answer: unknown): readonly unknown[]
  faultsOfEvents(events: readonly unknown[]): readonly unknown[]
}

const ofSchema = (name: OpenaiSchema) => (value: unknown) => schemaErrors(name, value)

const wires: Readonly<Record<'chat completions' | 'messages' | 'responses', Wire>> = {
  'chat completions': {
    path: '/v1/chat/completions',
    request: (model) => ({
      model,
      messages: [{ role: 'user', content: said }],
      tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
    }),
    faultsOf: ofSchema('CreateChatCompletionResponse'),
    faultsOfEvents: (events) => {
      const chunks = events.slice(0, -1)
      const roles = chunks.filter((chunk) => JSON.stringify(chunk).includes('"role"')).length
      return [
        ...chunks.flatMap(ofSchema('CreateChatCompletionStreamResponse')),
        ...(events.at(-1) === '[DONE]' && roles === 1 ? [] : ['begins twice, or has no end']),
      ]
    },
  },
  messages: {
    path: '/v1/messages',
    request: (model) => ({
      ...{ model, max_tokens: 100, messages: [{ role: 'user', content: said }] },
      tools: [{ name: 'get_weather', input_schema: parameters }],
    }),
    faultsOf: (answer) => {
      const { type, role, content } = answer as { type: string; role: string; content: { type: string }[] }
      const kinds = content.every((block) => ['text', 'tool_use'].includes(block.type))
      return type === 'message' && role === 'assistant' && kinds ? [] : [answer]
    },
    faultsOfEvents: (events) => {
      const named = events as { type: string; index?: number }[]
      const order = named
        .filter(({ type }) => type !== 'ping')
        .map(({ type, index = '' }) => `${type}${index}`)
      const blocks = new Set(named.flatMap(({ index }) => index ?? [])).size
      const expected = [
        'message_start',
        ...Array.from({ length: blocks }, (_, at) => [`content_block_start${at}`, `content_block_stop${at}`]),
        'message_delta',
        'message_stop',
      ].flat()
      const found = order.filter((event) => !event.startsWith('content_block_delta'))
      return JSON.stringify(found) === JSON.stringify(expected) ? [] : [found]
    },
  },
  responses: {
    path: '/v1/responses',
    request: (model) => ({
      ...{ model, input: said },
      tools: [{ type: 'function', name: 'get_weather', parameters, strict: false }],
    }),
    faultsOf: ofSchema('Response'),
    faultsOfEvents: (events) => {
      const numbered = events as { sequence_number: number }[]
      const gap = numbered.find(({ sequence_number }, at) => sequence_number !== at)
      return [...events.flatMap(ofSchema('ResponseStreamEvent')), ...(gap === undefined ? [] : [gap])]
    },
  },
}

/** The payloads of a stream of any wire, parsed; `[DONE]` as text. */
function eventsOf(stream: string): unknown[] {
  const payloads = stream.split('\n').filter((line) => line.startsWith('data: '))
  return payloads.map((line) => (line === 'data: [DONE]' ? '[DONE]' : (JSON.parse(line.slice(6)) as unknown)))
}

const done = answerTruly({ content: 'Done.' })
const calls = (...toolCalls: readonly (typeof clientCall | ReturnType<typeof load>)[]): Step =>
  answerTruly({ toolCalls })

/** What the model does, what the client sees of it, and what the model is told in between. */
const cases: readonly {
  readonly what: string
  readonly steps: readonly [Step, ...Step[]]
  readonly shown: string
  readonly told?: readonly string[]
}[] = [
  { what: 'no load', steps: [done], shown: 'Done.' },
  { what: 'a load', steps: [calls(load('refund')), done], shown: 'Done.', told: ['deal with a refund'] },
  { what: 'a load beside a call of the client', steps: [calls(load('refund'), clientCall)], shown: 'Paris' },
  {
    what: 'two loads',
    steps: [calls(load('refund'), load('poem')), done],
    shown: 'Done.',
    told: ['deal with a refund', 'deal with a poem'],
  },
  {
    what: 'more loads than the budget has',
    steps: [calls(...topics.map(load)), done],
    shown: 'Done.',
    told: [...topics.slice(0, 3).map((topic) => `deal with a ${topic}`), 'No more'],
  },
  {
    what: 'a load of what does not exist',
    steps: [calls(load('nothing')), done],
    shown: 'Done.',
    told: ['There is no skill called'],
  },
  {
    what: 'an error in the second round',
    steps: [calls(load('refund')), respond(500, {}), done],
    shown: 'Done.',
  },
]

const combinations = Object.entries(wires).flatMap(([name, wire]) =>
  [
    { model: 'gpt', upstreamModel: 'gpt-4o' },
    { model: 'claude', upstreamModel: 'claude-sonnet-4-5' },
  ].flatMap((target) => [false, true].map((stream) => ({ name, wire, ...target, stream }))),
)

/** Whatever the model does with the tool of the gateway, a client sees an ordinary answer and nothing of it. */
export function describeMatrix(database: ProductDatabase): void {
  let upstream: ScriptedUpstream
  let gateway: Gateway
  let key: string

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    const router_settings = { num_retries: 0, disable_cooldowns: true }
    const config = { ...conversationConfig(upstream), router_settings }
    gateway = await startGatewayOver(database, { config })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
    await createTopics(gateway, key)
  })
  afterAll(async () => {
    await gateway?.stop()
    await upstream?.close()
  })
  beforeEach(() => upstream.reset())

  describe.each(combinations)(
    '$name over $model, stream: $stream',
    ({ wire, model, upstreamModel, stream }) => {
      const body = { ...wire.request(model), stream }

      it.each(cases)('$what', async ({ steps, shown, told = [] }) => {
        upstream.script(upstreamModel, ...steps)
        const answer = await call(gateway.url, wire.path, { key, headers, body })
        expect(answer.status, answer.text).toBe(200)
        const faults = stream ? wire.faultsOfEvents(eventsOf(answer.text)) : wire.faultsOf(answer.json())
        expect(faults).toEqual([])
        expect(answer.text).toContain(shown)
        for (const hidden of ['load_skill', 'deal with', 'There is no skill'])
          expect(answer.text).not.toContain(hidden)
        const last = JSON.stringify(upstream.requestsFor(upstreamModel).at(-1)?.json)
        for (const text of told) expect(last).toContain(text)
      })

      it('a client that leaves between two rounds', async () => {
        upstream.script(upstreamModel, calls(load('refund')), hang())
        const leave = stream ? await begin() : await beginWhole()
        await waitUntil('the second round', () => upstream.requestsFor(upstreamModel).length === 2)
        leave()
        await waitUntil('it is given up', () => upstream.pendingRequests === 0)
        expect(upstream.requestsFor(upstreamModel)).toHaveLength(2)
      })

      async function beginWhole(): Promise<() => void> {
        const leaving = new AbortController()
        const request = { method: 'POST', signal: leaving.signal, body: JSON.stringify(body) }
        const sent = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }
        fetch(gateway.url + wire.path, { ...request, headers: sent }).catch(() => {})
        return () => leaving.abort()
      }

      async function begin(): Promise<() => void> {
        const opened = await openStream(gateway.url, wire.path, { key, headers, body })
        return () => opened.leave()
      }
    },
  )
}
