import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'
import { type OpenaiSchema, schemaErrors } from './schemas/openai-schemas.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase),
        deployment('by-responses', upstream.openaiBase, { model: 'openai/responses/gpt-4.1' }),
        deployment('llama', upstream.openaiBase, { model: 'groq/llama' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
        deployment('embedder', upstream.openaiBase),
      ],
    },
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

async function post(path: string, body: object): Promise<string> {
  const answer = await call(gateway.url, path, { key, body })
  expect(answer.status).toBe(200)
  return answer.text
}

function eventsOf(stream: string): unknown[] {
  const lines = stream.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
  expect(lines.length).toBeGreaterThan(2)
  return lines.map((line) => JSON.parse(line.slice('data: '.length)) as unknown)
}

const toolCalls = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Rome"}' },
]
const upstreamModels = { gpt: 'gpt', 'by-responses': 'gpt-4.1', llama: 'llama', claude: 'claude-sonnet-4-5' }
const cases = Object.entries(upstreamModels).flatMap(([model, upstreamModel]) =>
  [
    { what: 'text', answer: {} },
    { what: 'tool calls', answer: { toolCalls } },
  ].map((answered) => ({ model, upstreamModel, ...answered })),
)

describe.each(cases)('$what of $model is as the public document says', ({ model, upstreamModel, answer }) => {
  it('in chat completions', async () => {
    upstream.script(upstreamModel, answerTruly(answer))
    const whole = await post('/v1/chat/completions', { model, messages })
    expect(schemaErrors('CreateChatCompletionResponse', JSON.parse(whole))).toEqual([])
    const stream = await post('/v1/chat/completions', {
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(
      eventsOf(stream).flatMap((chunk) => schemaErrors('CreateChatCompletionStreamResponse', chunk)),
    ).toEqual([])
  })

  it('in Responses', async () => {
    upstream.script(upstreamModel, answerTruly(answer))
    const whole = await post('/v1/responses', { model, input: 'Hello' })
    expect(schemaErrors('Response', JSON.parse(whole))).toEqual([])
    const stream = await post('/v1/responses', { model, input: 'Hello', stream: true })
    expect(eventsOf(stream).flatMap((event) => schemaErrors('ResponseStreamEvent', event))).toEqual([])
  })
})

it.each<[string, string, object | undefined, OpenaiSchema]>([
  ['embeddings', '/v1/embeddings', { model: 'embedder', input: ['a', 'b'] }, 'CreateEmbeddingResponse'],
  ['text completions', '/v1/completions', { model: 'claude', prompt: 'Hello' }, 'CreateCompletionResponse'],
  ['the list of models', '/v1/models', undefined, 'ListModelsResponse'],
  ['a model', '/v1/models/gpt', undefined, 'Model'],
])('%s are as the public document says', async (_what, path, body, schema) => {
  const answer = await call(gateway.url, path, body === undefined ? { key } : { key, body })
  expect(answer.status).toBe(200)
  expect(schemaErrors(schema, answer.json())).toEqual([])
})

it.each([
  ['/v1/chat/completions', { model: 'nobody', messages }],
  ['/v1/responses', { model: 'nobody', input: 'Hello' }],
  ['/v1/responses', { model: 'gpt', input: 'x', previous_response_id: 'resp_none' }],
])('a refusal of %s is as the public document says', async (path, body) => {
  const answer = await call(gateway.url, path, { key, body })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(schemaErrors('ErrorResponse', answer.json())).toEqual([])
})

it('finds what is wrong', () => {
  expect(schemaErrors('Response', { id: 'x' })).not.toEqual([])
  expect(schemaErrors('ResponseStreamEvent', { type: 'response.output_text.delta', delta: 'x' })).not.toEqual(
    [],
  )
  expect(schemaErrors('CreateChatCompletionStreamResponse', { choices: 'x' })).not.toEqual([])
})
