import { ApiError, GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { geminiError } from '../harness/gemini-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { answerTruly, respond } from '../harness/steps.ts'
import { weatherCalls } from './weather.ts'

// See anthropic-wire.test.ts: the provider's own client reads the scripted upstream without a gateway between.

const model = 'gemini-2.5-flash'
const body = { model, contents: 'Hello' }
let upstream: ScriptedUpstream
let client: GoogleGenAI

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  client = new GoogleGenAI({ apiKey: 'upstream', httpOptions: { baseUrl: upstream.geminiBase } })
})
afterAll(() => upstream?.close())

describe('the scripted upstream, read by the Google SDK', () => {
  it.each([{ toolCalls: weatherCalls }, {}])('is read the same whole and streamed: %j', async (answer) => {
    upstream.script(model, answerTruly(answer))
    const whole = await client.models.generateContent(body)
    let text = ''
    const calls: unknown[] = []
    let usage: unknown
    for await (const piece of await client.models.generateContentStream(body)) {
      text += piece.text ?? ''
      calls.push(...(piece.functionCalls ?? []))
      usage = piece.usageMetadata
    }
    expect(text).toBe(whole.text ?? '')
    expect(calls).toEqual(whole.functionCalls ?? [])
    expect(calls).toHaveLength('toolCalls' in answer ? 2 : 0)
    expect(usage).toEqual(whole.usageMetadata)
  })

  it('is understood when it refuses', async () => {
    upstream.script(model, respond(429, geminiError(429, 'RESOURCE_EXHAUSTED', 'No.')))
    const error = await client.models.generateContent(body).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 429 })
  })
})
