import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

/** 11 tokens of prompt and 7 of answer cost 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const entry = (name: string, model: string, extra: object = {}) =>
    deployment(name, upstream.openaiBase, { ...prices, model: `openai/${model}`, ...extra })
  gateway = await startGateway({
    config: {
      model_list: [
        entry('pair', 'small', { max_budget: 0.05, budget_duration: '1d' }),
        entry('pair', 'large'),
        entry('only', 'alone', { max_budget: 0.02 }),
      ],
      router_settings: { provider_budget_config: { openai: { budget_limit: 0.25, time_period: '30d' } } },
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const chat = (model: string, stream = false) =>
  call(gateway.url, '/v1/chat/completions', {
    key,
    body: { model, messages, max_tokens: 7, num_retries: 0, stream },
  })

it('what is over budget is asked no more, others are, and at last nobody is', async () => {
  expect((await chat('only')).status).toBe(200)
  const refused = await chat('only', true)
  expect(refused.status).toBe(429)
  expect(refused.json().error).toMatchObject({
    code: 'budget_exceeded',
    message: expect.stringContaining('crossed budget'),
  })
  const statuses: number[] = []
  for (let count = 0; count < 12; count += 1) statuses.push((await chat('pair')).status)
  expect(upstream.requestsFor('small').length).toBeLessThanOrEqual(2)
  expect(upstream.requestsFor('large').length).toBeGreaterThanOrEqual(6)
  // The provider may take ten calls in all.
  expect(statuses.filter((status) => status === 200)).toHaveLength(9)
  expect(statuses.at(-1)).toBe(429)
  await gateway.restart()
  expect((await chat('pair')).status).toBe(429)
})
