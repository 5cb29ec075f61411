import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { after, answerTruly, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const models = ['gpt-4', 'claude-3-opus', 'claude-3-sonnet']

const config = (routing: object = {}): object => ({
  model_list: models.map((name, index) =>
    deployment(
      name,
      upstream.openaiBase,
      {
        input_cost_per_token: [10, 15, 3].map((usd) => usd / 1e6)[index],
        output_cost_per_token: [30, 75, 15].map((usd) => usd / 1e6)[index],
      },
      { id: `${name}-1` },
    ),
  ),
  router_settings: { num_retries: 2, cooldown_time: 0 },
  // Its section is accepted and changes nothing: there is no reasoning router.
  routeiq: { routing: { personalized_enabled: true, ...routing }, router_r1: { enabled: true } },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: config(), env: { ROUTEIQ_ROUTER_R1__ENABLED: 'true' } })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const get = (path: string, key = masterKey): Promise<Answer> => call(gateway.url, path, { key })
const post = (path: string, body: object, key = masterKey): Promise<Answer> =>
  call(gateway.url, path, { key, body })

function chat(content: string, { key = masterKey, headers = {}, model = 'auto', user = '' } = {}) {
  const body = { model, messages: [{ role: 'user', content }], ...(user === '' ? {} : { user }) }
  return call(gateway.url, '/v1/chat/completions', { key, headers, body })
}

/** The published events of a decision, in the log. */
const eventsOf = (decisionId: string) =>
  gateway
    .stdout()
    .split('\n')
    .filter((line) => line.includes('"event":"routeiq.router_decision.v1"') && line.includes(decisionId))
    .map((line) => JSON.parse(JSON.parse(line)['routeiq.router_decision.payload']))

describe('the documented calls of the router', () => {
  it('GET /router/info', async () => {
    const body = (await get('/router/info')).json()
    expect(body).toMatchObject({ registered_strategies: expect.any(Array), hot_reload_enabled: false })
    expect(body.registered_strategies.length).toBe(body.strategy_count)
    expect(body).toMatchObject({
      registry: {
        registered_strategies: body.registered_strategies,
        active_strategy: 'llmrouter-auto',
        ...{ ab_weights: {}, ab_enabled: false, experiment: null, staged_strategies: [] },
        strategy_versions: { 'llmrouter-auto': expect.any(String) },
      },
      ...{ default_profile: 'auto', bundle: null, kill_switch: false },
      strategies: expect.arrayContaining([
        expect.objectContaining({
          ...{ name: 'llmrouter-auto', status: 'native', implemented_by: 'llmrouter-auto' },
          ...{ args: expect.any(Array), needs_artifact: false, ready: true },
        }),
      ]),
      learning: { enabled: true, shared_store: true, last_merge: expect.any(String) },
      affinity: { enabled: true, shared: false },
    })
  })

  it('POST /router/reload, with and without a body', async () => {
    const answer = await call(gateway.url, '/router/reload', { key: masterKey, method: 'POST' })
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({
      ...{ status: 'success', message: 'Config reload triggered', synced_from_remote: false },
      config_version_hash: expect.any(String),
      changed: false,
      models: { added: [], removed: [], updated: [] },
      strategies_reloaded: [],
    })
    expect((await post('/config/reload', { force_sync: true })).json()).toMatchObject({ status: 'success' })
    const unknown = await post('/llmrouter/reload', { strategy: 'llmrouter-nothing' })
    expect([unknown.status, unknown.json().error]).toEqual([404, 'config_reload_failed'])
    const { key } = await gateway.createKey({})
    expect((await post('/router/reload', {}, key)).status).toBe(403)
    const { key: permitted } = await gateway.createKey({ permissions: { 'system.config.reload': true } })
    expect((await post('/router/reload', {}, permitted)).status).toBe(200)
  })

  it('POST /router/route', async () => {
    const answer = await post('/router/route', { query: 'Explain quantum entanglement' })
    expect(answer.status).toBe(200)
    const body = answer.json()
    expect(models).toContain(body.selected_model)
    expect(body.confidence).toBeLessThanOrEqual(1)
    expect(body.alternatives).toHaveLength(2)
    for (const { model, score } of body.alternatives) {
      expect(model).not.toBe(body.selected_model)
      expect(score).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('a routed answer', () => {
  const secret = 'Tell me about the confidential heron'

  it('tells what was decided and, when asked, between what', async () => {
    const { headers } = await chat('hello there, how are you?', { headers: { 'x-routeiq-explain': '1' } })
    expect(headers).toMatchObject({
      'x-routeiq-model': expect.any(String),
      'x-routeiq-tier': 'simple',
      'x-routeiq-strategy': 'llmrouter-auto',
      'x-routeiq-selected-arm': expect.any(String),
      'x-routeiq-decision-id': expect.stringMatching(/^dc_[0-9a-f]{24}$/),
      'x-routeiq-profile': 'auto',
      'x-routeiq-domain': expect.any(String),
      'x-routeiq-affinity': 'none',
    })
    const text = headers['x-routeiq-explain'] ?? ''
    expect(text.length).toBeLessThanOrEqual(1_024)
    const explained = JSON.parse(Buffer.from(text, 'base64url').toString())
    expect(explained.candidates).toHaveLength(3)
    expect(explained.candidates[0].model).toBe(headers['x-routeiq-selected-arm'])
    expect((await chat('hello again, my friend')).headers).not.toHaveProperty('x-routeiq-explain')
  })

  it('warns a key that asks for what it may not decide', async () => {
    const headers = { 'x-routeiq-strategy': 'llmrouter-largest', 'x-routeiq-lambda': '0' }
    const { key } = await gateway.createKey({})
    const ignored = await chat('hello there!', { key, headers })
    expect(ignored.headers['x-routeiq-warning']).toContain('x-routeiq-strategy, x-routeiq-lambda')
    expect(ignored.headers['x-routeiq-strategy']).toBe('llmrouter-auto')
    const { key: permitted } = await gateway.createKey({ permissions: { 'router.override': true } })
    const taken = await chat('hello there!', { key: permitted, headers })
    expect(taken.headers).not.toHaveProperty('x-routeiq-warning')
    expect(taken.headers['x-routeiq-strategy']).toBe('llmrouter-largest')
  })

  it('leaves one event of the published shape, without a word of the prompt', async () => {
    const { headers } = await chat(secret, {
      headers: { 'x-routeiq-session-id': 'session-of-the-heron', 'x-routeiq-task-id': 'nest-7' },
    })
    const id = headers['x-routeiq-decision-id'] ?? ''
    await waitUntil('the event is written', () => eventsOf(id).length > 0)
    const [event, ...others] = eventsOf(id)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      ...{ contract_version: 'v1', contract_name: 'routeiq.router_decision.v1' },
      event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestamp_unix_ms: expect.any(Number),
      input: { requested_model: 'auto', query_length: secret.length, api_type: 'openai-chat' },
      strategy_name: 'llmrouter-auto',
      candidate_deployments: expect.arrayContaining([
        { model_name: 'gpt-4', provider: 'openai', score: expect.any(Number), available: true },
      ]),
      selected_deployment: headers['x-litellm-model-id'],
      selection_reason: 'profile:auto',
      experiment: null,
      timings: { total_ms: expect.any(Number), candidate_filter_ms: expect.any(Number) },
      outcome: { status: 'success', error_type: null, input_tokens: expect.any(Number) },
      fallback: { fallback_triggered: false, original_model: null, fallback_attempt: 0 },
      custom_attributes: {},
      decision: {
        ...{ decision_id: id, feature_spec: 'rq-feat-1', mode: 'tradeoff', tier: expect.any(String) },
        selected: { arm: headers['x-routeiq-selected-arm'], deployment_id: headers['x-litellm-model-id'] },
        ...{ propensity: 1, propensity_method: 'deterministic', explored: false },
        timings: { total_us: expect.any(Number) },
        ...{ task_id: 'nest-7', routing_id: null, snapshot_id: expect.stringMatching(/^sha256:\w+@\d+$/) },
        session_hash: event.decision.affinity.key_hash,
        attempts: [
          {
            ...{ arm: headers['x-routeiq-selected-arm'], deployment_id: headers['x-litellm-model-id'] },
            ...{ outcome: 'answered', input_tokens: expect.any(Number), cost_usd: expect.any(Number) },
          },
        ],
      },
    })
    expect(event.decision.session_hash).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify(event)).not.toMatch(/heron/)
    const sum = Object.values(event.decision.candidates[0].components as Record<string, number>)
    expect(sum.reduce((total, part) => total + part, 0)).toBeCloseTo(event.decision.candidates[0].q, 4)
  })

  it('says in its event that another model had to step in', async () => {
    const first = (await post('/router/route', { query: 'good morning, dear reader' })).json().selected_model
    upstream.script(first, respond(500, openaiError('Broken')), respond(500, openaiError('Broken')))
    const { headers } = await chat('good morning, dear reader')
    const id = headers['x-routeiq-decision-id'] ?? ''
    await waitUntil('the event is written', () => eventsOf(id).length > 0)
    // However many calls it takes, a request makes one decision.
    const [{ fallback, decision }, ...others] = eventsOf(id)
    expect(others).toEqual([])
    expect(decision.attempts).toMatchObject([
      { arm: first, outcome: 'failed', status: 500 },
      { arm: headers['x-routeiq-selected-arm'], outcome: 'answered' },
    ])
    const path = `/api/v1/evidence/routing-traces?decision_id=${id}`
    await waitUntil('it is kept', async () => (await get(path)).json().count === 1)
    expect((await get(path)).json().items[0].details.attempts).toEqual(decision.attempts)
    expect(fallback).toMatchObject({ fallback_triggered: true, original_model: first })
    expect(headers['x-routeiq-selected-arm']).not.toBe(first)
  })

  it('is counted', async () => {
    const { headers } = await chat('hello, please be counted')
    await post('/router/feedback', {
      decision_id: headers['x-routeiq-decision-id'],
      score: 1,
      source: 'check',
    })
    const text = (await get('/metrics')).text
    for (const name of [
      'gateway_routing_decision_duration_seconds_count',
      'gateway_routing_strategy_usage_total',
      'gateway_routing_selection_total',
      'routeiq_routing_regret_estimate_count',
      'routeiq_routing_affinity_total{action="none"',
      'routeiq_routing_feedback_total{source="check"',
      'routeiq_routing_calibration_error',
      'routeiq_routing_novel_total',
      'routeiq_routing_explored_total',
    ])
      expect(text).toContain(name)
  })
})

describe('feedback', () => {
  it('takes the arm of a key’s last answer, and the task it belongs to', async () => {
    const { key } = await gateway.createKey({})
    const { headers } = await chat('what is the tallest tree?', { key })
    const arm = headers['x-routeiq-selected-arm'] ?? ''
    const body = { selected_arm: arm, verdict: 'pass', task_id: 'trees' }
    expect((await post('/router/feedback', body, key)).json()).toMatchObject({
      ...{ status: 'ok', decision_id: headers['x-routeiq-decision-id'], arm, applied: true },
    })
    const { items } = (await get('/api/v1/evidence/routing-traces?task_id=trees')).json()
    expect(items).toMatchObject([{ decision_id: headers['x-routeiq-decision-id'], score: 1 }])
    const other = await gateway.createKey({})
    expect((await post('/router/feedback', body, other.key)).json().error.code).toBe('decision_not_found')
    expect((await post('/router/feedback', { routing_id: 'rt_none', score: 1 })).status).toBe(404)
  })

  it('is taken sixty times a minute from a key', async () => {
    const { key } = await gateway.createKey({})
    const answers = await Promise.all(
      Array.from({ length: 140 }, () => post('/router/feedback', { decision_id: 'dc_none', score: 1 }, key)),
    )
    const limited = answers.filter(({ status }) => status === 429)
    expect(limited.length).toBeGreaterThanOrEqual(20)
    expect(limited[0]?.json().error.code).toBe('rate_limit_exceeded')
    expect(Number(limited[0]?.headers['retry-after'])).toBeGreaterThan(0)
  })
})

describe('what a user says of models', () => {
  const path = '/api/v1/routeiq/routing'
  const qualityOf = async (key: string, model: string): Promise<number> => {
    const { ask, candidates } = (await post('/router/route', { query: 'hello there' }, key)).json().explain
    expect(ask).toEqual({ chars: 11, source: 'user' })
    return candidates.find((candidate: { model: string }) => candidate.model === model).q
  }

  it('counts for this user, is shown to it, and is forgotten by an admin', async () => {
    const { key } = await gateway.createKey({ user_id: 'ada' })
    const { key: other } = await gateway.createKey({ user_id: 'bob' })
    expect((await get(`${path}/preferences/ada`, key)).json().error.code).toBe('no_preferences')
    const before = await qualityOf(key, 'claude-3-sonnet')
    for (let index = 0; index < 6; index++) {
      const said = await post(`${path}/feedback`, { model: 'claude-3-sonnet', score: -1 }, key)
      expect(said.json()).toMatchObject({ status: 'ok', user_id: 'ada' })
    }
    expect(await qualityOf(key, 'claude-3-sonnet')).toBeCloseTo(before - 0.15, 2)
    expect(await qualityOf(other, 'claude-3-sonnet')).toBeCloseTo(before, 9)
    expect((await get(`${path}/preferences/ada`, key)).json()).toMatchObject({
      ...{ user_id: 'ada', preferences: { 'claude-3-sonnet': -0.15 } },
    })
    expect((await get(`${path}/preferences/ada`, other)).status).toBe(403)
    expect((await get(`${path}/personalized/stats`)).json()).toMatchObject({ enabled: true, users: 1 })
    const remove = (from: string) =>
      call(gateway.url, `${path}/preferences/ada`, { key: from, method: 'DELETE' })
    expect((await remove(key)).status).toBe(403)
    expect((await remove(masterKey)).json()).toMatchObject({ status: 'deleted', forgotten: 1 })
    expect(await qualityOf(key, 'claude-3-sonnet')).toBeCloseTo(before, 9)
  })

  it('judges the answer it names, and nobody else’s', async () => {
    const { key } = await gateway.createKey({ user_id: 'eve' })
    const { headers } = await chat('a question of my own, please', { key })
    const body = {
      model: headers['x-routeiq-selected-arm'],
      score: 1,
      request_id: headers['x-litellm-call-id'],
    }
    expect((await post(`${path}/feedback`, body, key)).json()).toMatchObject({
      ...{ status: 'ok', decision_id: headers['x-routeiq-decision-id'], applied: true },
    })
    expect((await post(`${path}/feedback`, { ...body, user_id: 'ada' }, key)).status).toBe(403)
    const { key: other } = await gateway.createKey({ user_id: 'mallory' })
    expect((await post(`${path}/feedback`, body, other)).json().error.code).toBe('not_your_decision')
    expect((await post(`${path}/feedback`, { model: 'gpt-4', score: 2 }, key)).status).toBe(422)
  })

  it('counts under the strategy that is about it, where it counts under no other', async () => {
    const { key } = await gateway.createKey({ user_id: 'cleo' })
    const routers = { personal: { strategy: 'llmrouter-personalized' } }
    await gateway.reload(config({ personalized_enabled: false, routers }))
    const estimates = async (model: string) =>
      (await post('/router/route', { query: 'hello there', model }, key)).json()
    const before = (await estimates('personal')).explain.candidates
    for (let index = 0; index < 6; index++)
      await post(`${path}/feedback`, { model: 'claude-3-sonnet', score: -1 }, key)
    const of = (candidates: readonly { model: string; q: number }[]): number =>
      candidates.find(({ model }) => model === 'claude-3-sonnet')?.q ?? 0
    const after = await estimates('personal')
    expect(of(after.explain.candidates)).toBeCloseTo(of(before) - 0.15, 2)
    expect(after).toMatchObject({ strategy: 'llmrouter-personalized' })
    expect(after.reasons).toContain('personalized')
    expect(of((await estimates('auto')).explain.candidates)).toBeCloseTo(of(before), 9)
  })

  it('says where it does not count, and that there is no reasoning router', async () => {
    await gateway.reload(config({ personalized_enabled: false }))
    const off = await post(`${path}/feedback`, { model: 'gpt-4', score: 1 })
    expect([off.status, off.json().detail.error]).toEqual([503, 'personalized_routing_disabled'])
    const none = await post(`${path}/r1`, { query: 'hello' })
    expect([none.status, none.json().detail.error]).toEqual([503, 'router_r1_disabled'])
  })
})

describe('a name with a threshold', () => {
  it('stands for the models of a router, by the strategy of two models', async () => {
    await gateway.reload(config())
    const answer = await chat('hello there', { model: 'router-mf-0.116' })
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ 'x-routeiq-strategy': 'llmrouter-auto' })
    const asked = { query: 'hello there', model: 'router-auto-0.5' }
    // Nothing is trained here, and the answer says so.
    expect((await post('/router/route', asked)).json().reasons).toContain('fallback:artifact_missing')
    for (const model of ['router-nobody-0.5', 'router-auto-1.5', 'router-auto-', 'router-auto-x']) {
      const refused = await chat('hello there', { model })
      expect([model, refused.status, refused.json().error.param]).toEqual([model, 400, 'model'])
    }
  })
})

describe('two models that are worth the same', () => {
  it('are told apart by how quick they have been', async () => {
    const twin = (name: string): object =>
      deployment(name, upstream.openaiBase, { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 })
    await gateway.reload({ model_list: ['first', 'second'].map(twin) })
    const route = async () => (await post('/router/route', { query: 'hello there' })).json()
    expect(await route()).toMatchObject({ selected_model: 'first' })
    upstream.script('first', after(1_500, answerTruly()))
    await Promise.all(
      ['first', 'second'].flatMap((model) =>
        Array.from({ length: 20 }, () => chat('hello there', { model })),
      ),
    )
    const told = await route()
    expect(told.selected_model).toBe('second')
    expect(told.reasons).toContain('tie_quicker')
  })
})

describe('exploring', () => {
  it('tries models that are nearly as good, tells with what probability, and never in a dry run', async () => {
    const alike = (name: string): object =>
      deployment(name, upstream.openaiBase, { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 })
    await gateway.reload({
      model_list: ['a', 'b', 'c'].map(alike),
      routeiq: { routing: { explore_rate: 0.5 } },
    })
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => chat(`hello number ${index}, how are you?`)),
    )
    const arms = answers.map(({ headers }) => headers['x-routeiq-selected-arm'])
    expect(new Set(arms).size).toBe(3)
    const { items } = (await get('/api/v1/evidence/routing-traces?window=1h&limit=40')).json()
    for (const { arm, propensity, details } of items) {
      expect(propensity).toBeCloseTo(arm === 'a' ? 0.5 : 0.25, 9)
      expect(details).toMatchObject({ propensity_method: 'epsilon', explored: arm !== 'a' })
    }
    for (let index = 0; index < 10; index++)
      expect((await post('/router/route', { query: `hello number ${index}` })).json().selected_model).toBe(
        'a',
      )
    for (let index = 0; index < 10; index++) {
      const kept = await chat(`hello ${index}`, { headers: { 'x-routeiq-learn': 'off' } })
      expect(kept.headers['x-routeiq-selected-arm']).toBe('a')
    }
  })
})
