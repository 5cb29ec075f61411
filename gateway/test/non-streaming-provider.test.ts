import { afterAll, beforeAll, expect, it } from 'vitest'
import { anthropicMessage } from './harness/anthropic-wire.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { chatCompletion } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('plain', upstream.openaiBase),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it.each(['plain', 'claude'])(
  'streams the whole answer of a provider that does not stream: %s',
  async (model) => {
    const text = 'All of it “at once”'
    upstream.script('plain', respond(200, chatCompletion({ content: text })))
    upstream.script('claude-sonnet-4-5', respond(200, anthropicMessage({ content: text })))
    const body = { model, messages, stream: true, stream_options: { include_usage: true } }
    const answer = await call(gateway.url, '/v1/chat/completions', { key, body })
    expect(answer.headers['content-type']).toContain('text/event-stream')
    const events = answer.text.split('\n\n').filter((event) => event !== '')
    expect(events.at(-1)).toBe('data: [DONE]')
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)))
    const content = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta.content ?? '')
    expect(content.join('')).toBe(text)
    expect(chunks.every((chunk) => chunk.model === model)).toBe(true)
    expect(chunks.at(-1).usage.total_tokens).toBeGreaterThan(0)
  },
)
