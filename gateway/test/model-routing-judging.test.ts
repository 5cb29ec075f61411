import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
const all: Gateway[] = []

const price = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 }

async function start(evaluation: object, more: object = {}): Promise<Gateway> {
  const started = await startGateway({
    config: {
      model_list: ['small', 'large', 'judge'].map((name, index) =>
        deployment(
          name,
          upstream.openaiBase,
          { model: `openai/${name}`, ...price },
          { id: name, quality_score: 0.9 - 0.3 * index },
        ),
      ),
      routeiq: {
        eval_pipeline: {
          enabled: true,
          sample_rate: 1,
          judge_model: 'judge',
          feedback_interval: 86_400,
          ...evaluation,
        },
      },
      ...more,
    },
  })
  all.push(started)
  return started
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await start({ batch_size: 100 })
})

afterAll(async () => {
  for (const started of all) await started.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const question = 'which of the herons are grey?'
const api = '/api/v1/routeiq/eval'
const get = async (path: string, at = gateway) => (await call(at.url, path, { key: masterKey })).json()
const post = async (path: string, at = gateway) =>
  (await call(at.url, path, { key: masterKey, method: 'POST' })).json()

async function ask(more: object = {}, headers: Record<string, string> = {}, at = gateway) {
  const body = { model: 'auto', messages: [{ role: 'user', content: question }], ...more }
  const asked = await call(at.url, '/v1/chat/completions', { key: masterKey, headers, body })
  expect(asked.status, asked.text).toBe(200)
  return asked.headers
}

const says = (marks: string) => upstream.script('judge', answerTruly({ content: marks }))
const four = '{"relevance": 4, "helpfulness": 4, "coherence": 4}'

describe('judging answers of chosen models', () => {
  it('gives what a judge says of an answer to what is learned of the model', async () => {
    const { 'x-routeiq-decision-id': id, 'x-routeiq-selected-arm': arm } = await ask({ stream: true })
    expect(await get(`${api}/stats`)).toMatchObject({
      ...{ enabled: true, pending_samples: 1, evaluated_samples: 0, total_collected: 1, total_evaluated: 0 },
      ...{ model_qualities: {}, model_ranking: [], running: false, sample_rate: 1, batch_size: 100 },
      ...{ feedback_interval: 86_400, last_feedback_time: null },
    })
    says(`Here you are: ${four}`)
    expect(await post(`${api}/run-batch`)).toEqual({ evaluated: 1, pending_remaining: 0 })
    const [asked] = upstream.requestsFor('judge')
    expect(JSON.stringify(asked?.body)).toContain(question)
    expect(await post(`${api}/push-feedback`)).toEqual({ status: 'ok', updated: 1 })
    const [row] = (await get(`/api/v1/evidence/routing-traces?decision_id=${id}`)).items
    expect(row.score).toBeCloseTo(0.8, 9)
    expect(await get(`${api}/model-quality`)).toEqual({
      models: { [arm ?? '']: { quality: 0.8, ci: [0, 1], count: 1 } },
      ...{ ranking: [], sample_counts: { [arm ?? '']: 1 } },
    })
    const { samples } = await get(`${api}/samples?evaluated_only=true&model=${arm}`)
    expect(samples).toMatchObject([
      { decision_id: id, model: arm, evaluated: true, state: 'evaluated', score: 0.8 },
    ])
    expect(JSON.stringify(samples)).not.toContain('heron')
    expect(await post(`${api}/push-feedback`)).toEqual({ status: 'ok', updated: 0 })
    expect((await get(`${api}/stats`)).last_feedback_time).toEqual(expect.any(String))
  })

  it('drops what cannot be understood, and never judges the judge', async () => {
    await ask()
    says('I like it.')
    expect(await post(`${api}/run-batch`)).toEqual({ evaluated: 0, pending_remaining: 0 })
    expect((await get(`${api}/samples`)).samples[0]).toMatchObject({
      evaluated: false,
      state: 'dropped',
      score: null,
    })
    expect(await post(`${api}/push-feedback`)).toMatchObject({ updated: 0 })
    expect(upstream.requestsFor('judge')).toHaveLength(1)
  })

  it.each<[what: string, body: object, headers: Record<string, string>]>([
    ['a model that was named', { model: 'small' }, {}],
    ['a request nothing is learned of', {}, { 'x-routeiq-learn': 'off' }],
  ])('leaves out %s', async (_what, body, headers) => {
    const before = (await get(`${api}/stats`)).total_collected
    await ask(body, headers)
    await ask()
    expect((await get(`${api}/stats`)).total_collected).toBe(before + 1)
  })

  it('refuses a number of samples that is none, and whoever is no admin', async () => {
    const refused = await call(gateway.url, `${api}/samples?limit=0`, { key: masterKey })
    expect(refused.status).toBe(400)
    const { key } = await gateway.createKey({})
    expect((await call(gateway.url, `${api}/stats`, { key })).status).toBe(403)
  })
})

it('has an answer judged by a model of another family, where there is one', async () => {
  const families = { small: 'gpt-4o', large: 'gpt-5', judge: 'gpt-4o-mini', other: 'claude-haiku-4' }
  const mixed = await start(
    { judge_models: ['other', 'small'] },
    {
      model_list: Object.entries(families).map(([name, model], index) =>
        deployment(
          name,
          upstream.openaiBase,
          { model: `openai/${model}`, ...price },
          { id: name, quality_score: 0.9 - 0.2 * index },
        ),
      ),
    },
  )
  const marks = answerTruly({ content: four })
  for (const model of ['gpt-4o-mini', 'claude-haiku-4']) upstream.script(model, marks)
  expect(await ask({}, {}, mixed)).toMatchObject({ 'x-routeiq-selected-arm': 'small' })
  expect(await post(`${api}/run-batch`, mixed)).toMatchObject({ evaluated: 1 })
  expect(upstream.requestsFor('gpt-4o-mini')).toHaveLength(0)
  expect(upstream.requestsFor('claude-haiku-4')).toHaveLength(1)
  expect((await get(`${api}/samples`, mixed)).samples).toMatchObject([{ model: 'small', judge: 'other' }])
})

it('judging has a budget of its own', async () => {
  const poor = await start({ daily_budget: 0.000001 })
  await ask({}, {}, poor)
  says(four)
  expect(await post(`${api}/run-batch`, poor)).toMatchObject({ evaluated: 1 })
  const before = upstream.requestsFor('judge').length
  await ask({}, {}, poor)
  expect(await post(`${api}/run-batch`, poor)).toMatchObject({ evaluated: 0 })
  expect(upstream.requestsFor('judge')).toHaveLength(before)
  expect((await ask({}, {}, poor))['x-routeiq-decision-id']).toMatch(/^dc_/)
})

it('is off where nobody asked for it, and where texts may not leave their request', async () => {
  const quiet = await start({}, { litellm_settings: { turn_off_message_logging: true } })
  await ask({}, {}, quiet)
  expect(await get(`${api}/stats`, quiet)).toMatchObject({ enabled: false, message: expect.any(String) })
  const refused = await call(quiet.url, `${api}/run-batch`, { key: masterKey, method: 'POST' })
  expect(refused.status).toBe(503)
  expect(refused.json()).toMatchObject({ detail: { error: 'eval_pipeline_disabled' } })
})
