import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './call-gateway.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts'
import { type Gateway, startGateway } from './start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const params = (model: string, api_base: string) => ({ model, api_base, api_key: 'sk-upstream' })
  gateway = await startGateway({
    config: {
      model_list: [
        { model_name: 'gpt', litellm_params: params('openai/gpt-4o-mini', upstream.openaiBase) },
        {
          model_name: 'claude',
          litellm_params: params('anthropic/claude-sonnet-4-5', upstream.anthropicBase),
        },
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it.each(['gpt', 'claude'])('%s answers whole and streamed', async (model) => {
  const { key } = await gateway.createKey({ models: [model] })
  const messages = [{ role: 'user', content: 'Hello' }]
  const whole = await call(gateway.url, '/v1/chat/completions', { key, body: { model, messages } })
  expect(whole.status).toBe(200)
  expect(whole.json()['choices'][0].message.content).toBe('Hello from the upstream.')
  const streamed = await call(gateway.url, '/v1/chat/completions', {
    key,
    body: { model, messages, stream: true },
  })
  expect(streamed.status).toBe(200)
  expect(streamed.text).toMatch(/data: \[DONE\]\n\n$/)
})
