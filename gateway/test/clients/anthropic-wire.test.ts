import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anthropicError } from '../harness/anthropic-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { answerTruly, respond } from '../harness/steps.ts'
import { answerMessage, messageOf } from './anthropic-answer.ts'
import { weatherCalls } from './weather.ts'

// The other tests of this folder are worth as much as the upstream they run against is true. So the provider's own
// client reads here, without a gateway between, what that upstream writes.

const model = 'claude-sonnet-4-5'
const body = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] }
let upstream: ScriptedUpstream
let client: Anthropic

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  client = new Anthropic({ baseURL: upstream.anthropicBase, apiKey: 'sk-ant-test', maxRetries: 0 })
})
afterAll(() => upstream?.close())

describe('the scripted upstream, read by the Anthropic SDK', () => {
  const rich = messageOf(
    [
      { type: 'thinking', thinking: 'Two cities, two calls.', signature: 'c2lnbmVk' },
      { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
      { type: 'text', text: 'I look both up.', citations: null },
      {
        type: 'tool_use',
        id: 'toolu_1',
        name: 'get_weather',
        input: { city: 'Paris' },
        caller: { type: 'direct' },
      },
      { type: 'tool_use', id: 'toolu_2', name: 'list_cities', input: {}, caller: { type: 'direct' } },
    ],
    { cache_read_input_tokens: 100, cache_creation_input_tokens: 50 },
  )

  it('is read the same whole and streamed', async () => {
    upstream.script(model, answerMessage(rich))
    const whole = await client.messages.create(body)
    const streamed = await client.messages.stream(body).finalMessage()
    expect(whole).toMatchObject({ ...rich })
    expect(streamed.content).toEqual(whole.content)
    expect(streamed.stop_reason).toBe('tool_use')
    expect(streamed.usage).toMatchObject({ ...rich.usage, output_tokens: 10 })
  })

  it.each([{ toolCalls: weatherCalls }, {}])(
    'is read the same whole and streamed without a script of its own: %j',
    async (answer) => {
      upstream.script(model, answerTruly(answer))
      const whole = await client.messages.create(body)
      const streamed = await client.messages.stream(body).finalMessage()
      expect(streamed.content).toEqual(whole.content)
      expect(streamed.content.map((block) => block.type)).toEqual(
        'toolCalls' in answer ? ['tool_use', 'tool_use'] : ['text'],
      )
      expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens)
    },
  )

  it.each([
    [401, 'authentication_error', Anthropic.AuthenticationError],
    [429, 'rate_limit_error', Anthropic.RateLimitError],
    [529, 'overloaded_error', Anthropic.InternalServerError],
  ])('is understood when it answers %i', async (status, type, errorClass) => {
    upstream.script(model, respond(status, anthropicError(type, 'No.')))
    const error = await client.messages.create(body).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ status, type })
  })
})
