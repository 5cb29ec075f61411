import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { chatCompletion } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

/** USD a token; what is read from the cache costs a tenth. */
const prices = { small: 1e-6, large: 1e-5 }

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: Object.entries(prices).map(([name, price]) =>
        deployment(
          name,
          upstream.openaiBase,
          {
            input_cost_per_token: price,
            output_cost_per_token: price,
            cache_read_input_token_cost: price / 10,
          },
          { id: name, quality_score: 0.8 },
        ),
      ),
      routeiq: { routing: { baseline_model: 'large' } },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it('tells what conversations cost and what came from caches, of the baseline as well', async () => {
  const turn = async (session: string, cached: number): Promise<void> => {
    const usage = {
      ...{ prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 },
      prompt_tokens_details: { cached_tokens: cached },
    }
    upstream.script('small', respond(200, { ...chatCompletion(), usage }))
    const answer = await call(gateway.url, '/v1/chat/completions', {
      key: masterKey,
      headers: { 'x-routeiq-session-id': session },
      body: { model: 'auto', messages: [{ role: 'user', content: 'Hello, how are you?' }] },
    })
    expect(answer.headers['x-routeiq-selected-arm'], answer.text).toBe('small')
  }
  await turn('one', 0)
  await turn('one', 800)
  await turn('two', 0)
  const read = async (path: string) => (await call(gateway.url, path, { key: masterKey })).json()
  const overview = await read('/api/v1/evidence/overview?window=1d')
  // Three prompts and answers, one of the prompts mostly cached.
  const tokens = 3 * 1_000 - 800 + 80 + 3 * 100
  expect(overview).toMatchObject({ cache_hit_share: 800 / 3_000, sessions: 2 })
  const { actual_usd: actual, baseline_usd: baseline, ci } = overview.cost_per_session
  expect(actual).toBeCloseTo((tokens * prices.small) / 2, 9)
  expect(baseline).toBeCloseTo((tokens * prices.large) / 2, 9)
  expect(ci[0]).toBeLessThanOrEqual(actual)
  expect(overview.cost.savings_usd).toBeCloseTo(tokens * (prices.large - prices.small), 9)
  const { rows } = await read('/api/v1/evidence/savings?window=1d&group_by=model')
  expect(rows).toMatchObject([{ group: 'small', sessions: 2, cache_hit_share: 800 / 3_000 }])
})
