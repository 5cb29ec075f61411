import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { resolveModel } from '../deployments/resolve-model.ts'
import { ModelRouter } from '../model-routing/model-router.ts'
import { Pins } from '../model-routing/pins.ts'
import { Scorers } from '../model-routing/scorers.ts'
import { chooseModel } from './choose-model.ts'
import { openGatewayBench } from './testing/gateway-bench.ts'
import { sampleRequest } from './testing/sample-request.ts'

const names = ['small', 'middle', 'large']
const models = names.map(
  (name) => `{ model_name: ${name}, litellm_params: { model: openai/${name}, api_key: sk-x } }`,
)

it('takes any model where a strategy fails, and says so', async () => {
  const failure = new Error('no such row')
  const scorers = new Scorers(null)
  const working = scorers.resolve('llmrouter-auto', {}, true)
  const broken = {
    ...working.scorer,
    score: () => {
      throw failure
    },
  }
  scorers.resolve = () => ({ ...working, scorer: broken })
  const heard: unknown[] = []
  const router = new ModelRouter({
    ...{ scorers, outcomes: null, skills: null, experiments: null, randomBytes },
    pins: new Pins({ ttlMs: () => 1_000, announce: null }),
    isKilled: () => false,
    promises: null,
    shares: null,
    askRemote: async () => null,
    onScorerFailed: (strategy, error) => heard.push(strategy, error),
  })
  const { gateway } = openGatewayBench(`model_list: [${models.join(', ')}]`, { models: router })
  const runtime = gateway.runtime()
  const request = {
    ...sampleRequest({ model: 'auto', messages: [{ role: 'user', content: 'hello' }] }),
    runtime,
  }
  const resolution = resolveModel(runtime.routing, 'auto', request.caller.naming)
  const choices = await Promise.all(
    Array.from({ length: 60 }, () => chooseModel(gateway, request, resolution)),
  )
  expect(new Set(choices.map((choice) => choice?.chosen))).toEqual(new Set(names))
  for (const choice of choices)
    expect(choice).toMatchObject({
      requestedStrategy: 'llmrouter-auto',
      decision: { strategy: 'simple-shuffle' },
      fallbackReason: 'scorer_failed',
      propensity: 1 / 3,
      propensityMethod: 'random',
      reasons: expect.arrayContaining(['fallback:scorer_failed']),
    })
  expect(heard.slice(0, 2)).toEqual(['llmrouter-auto', failure])
})
