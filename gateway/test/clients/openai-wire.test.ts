import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openaiError } from '../harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { answerTruly, respond } from '../harness/steps.ts'
import { weatherCalls } from './weather.ts'

// As for the other wire: the provider's own client reads the upstream without a gateway between.

const model = 'gpt-4o-mini'
const body = { model, messages: [{ role: 'user' as const, content: 'Hello' }] }
let upstream: ScriptedUpstream
let client: OpenAI

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  client = new OpenAI({ baseURL: upstream.openaiBase, apiKey: 'sk-test', maxRetries: 0 })
})
afterAll(() => upstream?.close())

describe('the scripted upstream, read by the OpenAI SDK', () => {
  it.each([{}, { toolCalls: weatherCalls }])('is read the same whole and streamed: %j', async (answer) => {
    upstream.script(model, answerTruly(answer))
    const whole = await client.chat.completions.create(body)
    const streamed = await client.chat.completions
      .stream({ ...body, stream_options: { include_usage: true } })
      .finalChatCompletion()
    expect(streamed.choices[0]?.finish_reason).toBe(whole.choices[0]?.finish_reason)
    expect(streamed.choices[0]?.message).toMatchObject({ ...whole.choices[0]?.message })
    expect(streamed.usage).toEqual(whole.usage)
  })

  it('gives embeddings in base64 and floats alike', async () => {
    const input = ['one', 'two']
    const decoded = await client.embeddings.create({ model: 'embedding', input })
    const floats = await client.embeddings.create({ model: 'embedding', input, encoding_format: 'float' })
    expect(decoded.data).toEqual(floats.data)
  })

  it('is understood when it refuses', async () => {
    upstream.script(model, respond(429, openaiError('Too many.', 'requests', 'rate_limit_exceeded')))
    const error = await client.chat.completions.create(body).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'requests' })
  })
})
