import Anthropic from '@anthropic-ai/sdk'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { formatResponsesStream, responseEvents, responseObject } from './harness/responses-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond, respondStream } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let client: Anthropic

const models = (base: string) => [
  deployment(
    'gpt-5',
    base,
    { model: 'openai/gpt-5', use_chat_completions_api: false },
    { supports_reasoning: true },
  ),
  deployment('elsewhere', base, { model: 'openai/gpt-5' }),
]

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: { model_list: models(upstream.openaiBase) } })
  client = new Anthropic({ baseURL: gateway.url, apiKey: key, maxRetries: 0 })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const input_schema = { type: 'object' as const, properties: { city: { type: 'string' } } }
const ask = {
  model: 'gpt-5',
  max_tokens: 2000,
  system: 'Be brief.',
  tools: [{ name: 'get_weather', input_schema }],
  thinking: { type: 'enabled' as const, budget_tokens: 5000 },
}
const hello = [{ role: 'user' as const, content: 'Hello' }]

describe('Messages on a model of OpenAI', () => {
  it('become a request of Responses, and what that lacks is named', async () => {
    const body = {
      ...ask,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] },
      ],
      metadata: { user_id: 'u'.repeat(80) },
      stop_sequences: ['HALT'],
      top_k: 5,
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    }
    const answer = await call(gateway.url, '/v1/messages', { key, body })
    expect(answer.json()).toMatchObject({ type: 'message', model: 'gpt-5', stop_reason: 'end_turn' })
    expect(answer.headers['x-routeiq-dropped']?.split(',')).toEqual(expect.arrayContaining(['stop', 'top_k']))
    const [sent] = upstream.requests
    expect(sent?.path).toBe('/v1/responses')
    expect(sent?.json).toMatchObject({
      model: 'gpt-5',
      store: false,
      instructions: 'Be brief.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      max_output_tokens: 2000,
      reasoning: { effort: 'medium', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      text: { format: { type: 'json_schema', schema: { type: 'object' } } },
      tools: [{ type: 'function', name: 'get_weather' }],
    })
    expect(String(sent?.json['safety_identifier']).length).toBeLessThanOrEqual(64)
    expect(sent?.body).not.toContain('cache_control')
  })

  it('bring encrypted thinking back to it', async () => {
    const thinking = {
      id: 'rs_1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'Which city?' }],
      encrypted_content: 'enc+/==',
    }
    const toolCalls = [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' }]
    const output = [thinking, ...(responseObject({ toolCalls })['output'] as object[])]
    upstream.script('gpt-5', respond(200, responseObject({}, { output })), answerTruly())
    const first = await client.messages.create({ ...ask, messages: hello })
    expect(first.content).toMatchObject([
      { type: 'thinking', thinking: 'Which city?', signature: expect.stringMatching(/^riq1\./) },
      { type: 'tool_use', id: 'call_1', input: { city: 'Paris' } },
    ])
    const result = { type: 'tool_result' as const, tool_use_id: 'call_1', content: 'Sunny' }
    await client.messages.create({
      ...ask,
      messages: [
        ...hello,
        { role: 'assistant', content: first.content as Anthropic.ContentBlockParam[] },
        { role: 'user', content: [result] },
      ],
    })
    expect(upstream.requests[1]?.json['input']).toEqual([
      { role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'Which city?' }],
        encrypted_content: 'enc+/==',
      },
      { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Sunny' },
    ])
  })

  it('are streamed', async () => {
    const toolCalls = [
      { id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
      { id: 'call_2', name: 'get_weather', arguments: '{"city":"Rome"}' },
    ]
    upstream.script('gpt-5', respondStream(formatResponsesStream(responseEvents({ toolCalls }))))
    const message = await client.messages.stream({ ...ask, messages: hello }).finalMessage()
    expect(message.content).toMatchObject(
      toolCalls.map(({ id, arguments: text }) => ({
        type: 'tool_use',
        id,
        input: JSON.parse(text) as unknown,
      })),
    )
    expect(message).toMatchObject({ stop_reason: 'tool_use', usage: { input_tokens: 11, output_tokens: 7 } })
  })

  it('go by chat completions to servers of others, and everywhere when the operator says so', async () => {
    await client.messages.create({ ...ask, model: 'elsewhere', messages: hello })
    expect(upstream.requests[0]?.path).toBe('/v1/chat/completions')
    const other = await startGateway({
      config: {
        model_list: models(upstream.openaiBase),
        litellm_settings: { use_chat_completions_url_for_anthropic_messages: true },
      },
    })
    const body = { ...ask, messages }
    await call(other.url, '/v1/messages', { key, body })
    await call(other.url, '/v1/responses', { key, body: { model: 'gpt-5', input: 'Hello' } })
    await other.stop()
    expect(upstream.requests.slice(1).map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/responses',
    ])
  })
})
