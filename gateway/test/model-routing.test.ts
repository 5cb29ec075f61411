import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { after, answerTruly, hang, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const easy = 'Hello, how are you today?'
const hard =
  'Prove step by step, as a rigorous theorem, that this concurrent algorithm has no race, derive its complexity and analyze the trade-offs.'
const broken = respond(500, openaiError('Broken'))

/** USD for a million tokens. */
const priced = (name: string, input: number, output: number, info: object = {}): object =>
  deployment(
    name,
    upstream.openaiBase,
    { input_cost_per_token: input / 1e6, output_cost_per_token: output / 1e6 },
    { id: `${name}-1`, ...info },
  )

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        priced('small', 0.05, 0.1, { size: '7B' }),
        priced('middle', 1, 3, { size: '70B' }),
        priced('large', 10, 30, { size: '1T', supports_reasoning: true }),
        priced('tiny', 20, 60, { max_input_tokens: 2 }),
        priced('mixed', 0.05, 0.1),
        deployment(
          'mixed',
          upstream.openaiBase,
          { model: 'openai/mixed-strong', input_cost_per_token: 1e-5, output_cost_per_token: 3e-5 },
          { id: 'mixed-2' },
        ),
      ],
      router_settings: { num_retries: 2, cooldown_time: 0 },
      routeiq: {
        routing: {
          harness_tags: ['system-reminder', 'scratchpad'],
          routers: {
            cheap: { models: ['small', 'middle'], strategy: 'llmrouter-smallest' },
            big: { models: ['small', 'large'], strategy: 'llmrouter-largest' },
            ruled: {
              models: ['small', 'middle', 'large'],
              strategy: 'llmrouter-rules',
              // biome-ignore lint/suspicious/noThenProperty: the word of the configuration, and no promise
              args: { rules: [{ if: { tag: 'batch' }, then: { model: 'middle' } }] },
            },
            chance: { models: ['small', 'large'], strategy: 'llmrouter-random' },
            learned: { models: ['small', 'large'], strategy: 'llmrouter-knn' },
            narrow: { models: ['tiny'] },
            idle: { models: ['small', 'large'], strategy: 'llmrouter-least-busy' },
            frugal: { models: ['small', 'large'], strategy: 'llmrouter-usage-based', profile: 'premium' },
            quick: {
              models: ['small', 'large'],
              strategy: 'llmrouter-latency-sla',
              profile: 'premium',
              args: { p_latency_target_ms: 900 },
            },
            intents: {
              models: ['small', 'middle', 'large'],
              strategy: 'llmrouter-semantic-intent',
              args: {
                intent_model_groups: {
                  billing: { examples: ['why was my invoice charged twice'], models: ['middle'] },
                },
              },
            },
          },
        },
      },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

type Message = { role: string; content: unknown; [member: string]: unknown }

function chat(model: string, content: string | readonly Message[], options: object = {}): Promise<Answer> {
  const messages = typeof content === 'string' ? [{ role: 'user', content }] : content
  return call(gateway.url, '/v1/chat/completions', {
    key: masterKey,
    body: { model, messages },
    ...options,
  })
}

async function route(body: object, key = masterKey): Promise<Answer> {
  return call(gateway.url, '/router/route', { key, body })
}

describe('a name that stands for several models', () => {
  it('is answered by the model that is good enough, and says which and why', async () => {
    const simple = await chat('auto', easy)
    expect(simple.status).toBe(200)
    expect(simple.headers).toMatchObject({
      'x-routeiq-strategy': 'llmrouter-auto',
      'x-routeiq-tier': 'simple',
      'x-routeiq-selected-arm': 'small',
      'x-routeiq-model': 'small',
      'x-routeiq-profile': 'auto',
      'x-routeiq-decision-id': expect.stringMatching(/^dc_[0-9a-f]{24}$/),
    })
    const difficult = await chat('auto', hard)
    expect(difficult.headers['x-routeiq-selected-arm']).toBe('large')
    expect(difficult.headers['x-routeiq-tier']).toBe('reasoning')
    expect(upstream.requestsFor('large')).toHaveLength(1)
  })

  it('takes the profile of its name, of the header, and refuses any other', async () => {
    expect((await chat('routeiq/premium', easy)).headers['x-routeiq-selected-arm']).toBe('large')
    expect((await chat('routeiq/eco', hard)).headers['x-routeiq-selected-arm']).not.toBe('large')
    const premium = await chat('auto', easy, { headers: { 'x-routeiq-profile': 'premium' } })
    expect(premium.headers['x-routeiq-selected-arm']).toBe('large')
    const wrong = await chat('auto', easy, { headers: { 'x-routeiq-profile': 'best' } })
    expect(wrong.status).toBe(400)
    expect(wrong.json().error).toMatchObject({ param: 'x-routeiq-profile' })
  })

  it('goes on with the next best model when the first one fails', async () => {
    upstream.script('small', broken)
    const answer = await chat('auto', 'thanks, what is the capital of France?')
    expect(answer.status).toBe(200)
    expect(answer.headers['x-routeiq-selected-arm']).not.toBe('small')
    expect(upstream.requestsFor('small')).toHaveLength(1)
  })

  it('gives up after three models', async () => {
    const models = ['small', 'middle', 'large', 'mixed', 'mixed-strong']
    for (const model of models) upstream.script(model, broken)
    const answer = await chat('auto', easy, {
      body: { model: 'auto', num_retries: 6, messages: [{ role: 'user', content: easy }] },
    })
    expect(answer.status).toBe(500)
    // Two models of one name are one.
    const called = models.filter((model) => upstream.requestsFor(model).length > 0)
    expect(new Set(called.map((model) => model.replace('-strong', ''))).size).toBe(3)
    expect(answer.headers['x-litellm-attempted-retries']).toBe('6')
  })

  it.each([
    ['cheap', 'small'],
    ['big', 'large'],
  ])('%s is a configured router', async (router, model) => {
    expect((await chat(router, easy)).headers['x-routeiq-selected-arm']).toBe(model)
  })

  it('follows rules', async () => {
    const answer = await chat('ruled', easy, { headers: { 'x-litellm-tags': 'batch' } })
    expect(answer.headers['x-routeiq-selected-arm']).toBe('middle')
    expect((await chat('ruled', easy)).headers['x-routeiq-selected-arm']).toBe('small')
  })

  it('goes to the models of the intent it is like', async () => {
    const like = await chat('intents', 'Why was my invoice for May charged twice?')
    expect(like.headers['x-routeiq-selected-arm']).toBe('middle')
    expect((await chat('intents', easy)).headers['x-routeiq-selected-arm']).toBe('small')
  })

  it('leaves a model alone that has been too slow', async () => {
    expect((await chat('quick', easy)).headers['x-routeiq-selected-arm']).toBe('large')
    upstream.script('large', after(1_200, answerTruly()))
    await chat('quick', easy)
    expect((await chat('quick', easy)).headers['x-routeiq-selected-arm']).toBe('small')
    expect((await route({ query: easy, model: 'quick' })).json().reasons).toContain('latency_sla')
  })

  it('goes to who has less to do', async () => {
    upstream.script('small', hang(), answerTruly())
    const leaving = new AbortController()
    const waiting = chat('cheap', easy, { signal: leaving.signal }).catch(() => null)
    await waitUntil('the small model is busy', () => upstream.requestsFor('small').length === 1)
    expect((await chat('idle', easy)).headers['x-routeiq-selected-arm']).toBe('large')
    leaving.abort()
    await waiting
    // Whichever served fewer tokens this minute comes next, so that neither is starved.
    const first = (await chat('frugal', easy)).headers['x-routeiq-selected-arm']
    const next = (await route({ query: easy, model: 'frugal' })).json()
    expect(['small', 'large']).toContain(first)
    expect(next.reasons).toContain('least_used')
  })

  it('is held to what the caller will pay', async () => {
    const capped = await chat('routeiq/premium', easy, { headers: { 'x-routeiq-max-cost': '0.001' } })
    expect(capped.headers['x-routeiq-selected-arm']).toBe('small')
    const none = await chat('routeiq/premium', easy, { headers: { 'x-routeiq-max-cost': '0' } })
    expect(none.status).toBe(503)
    expect(none.json().error.message).toContain('x-routeiq-max-cost')
  })

  it('gives a key only the models it may use', async () => {
    const { key } = await gateway.createKey({ models: ['small', 'middle'] })
    const answer = await chat('auto', hard, { key })
    expect(answer.headers['x-routeiq-selected-arm']).toBe('middle')
    const { key: none } = await gateway.createKey({ models: ['nothing'] })
    expect((await chat('auto', hard, { key: none })).status).toBe(403)
    const routed = (await route({ query: hard }, key)).json()
    expect(routed.filtered).toContainEqual({ model: 'large', reason: 'access' })
  })

  it('never lets a key without the permission choose the strategy', async () => {
    const headers = { 'x-routeiq-strategy': 'llmrouter-largest' }
    expect((await chat('auto', easy, { headers })).headers['x-routeiq-selected-arm']).toBe('large')
    const { key } = await gateway.createKey({})
    expect((await chat('auto', easy, { headers, key })).headers['x-routeiq-selected-arm']).toBe('small')
  })
})

describe('a conversation', () => {
  const call1 = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read', arguments: '{}' } }],
  }
  const result = { role: 'tool', tool_call_id: 'c1', content: hard }

  it('stays on its model while tools are called', async () => {
    const begin: Message[] = [{ role: 'user', content: 'hi, list the files please' }]
    const session = { headers: { 'x-routeiq-session-id': 'tools' } }
    const first = (await chat('auto', begin, session)).headers['x-routeiq-selected-arm']
    for (let turn = 0; turn < 5; turn++) {
      begin.push(call1, result)
      const answer = await chat('auto', begin, session)
      expect(answer.headers).toMatchObject({ 'x-routeiq-selected-arm': first, 'x-routeiq-affinity': 'kept' })
    }
  })

  it('moves when a turn of the human needs a much better model, and not on harness noise', async () => {
    const begin: Message[] = [
      { role: 'user', content: easy },
      { role: 'assistant', content: 'Fine.' },
    ]
    const session = { headers: { 'x-routeiq-session-id': 'moves' } }
    await chat('auto', easy, session)
    const noise = `<system-reminder>${hard}</system-reminder>ok, go on`
    const noisy = await chat('auto', [...begin, { role: 'user', content: noise }], session)
    expect(noisy.headers).toMatchObject({ 'x-routeiq-selected-arm': 'small', 'x-routeiq-affinity': 'kept' })
    const own = `<scratchpad of="helper">${hard}</scratchpad>${easy}`
    expect((await chat('auto', own)).headers).toMatchObject({ 'x-routeiq-selected-arm': 'small' })
    const strange = `<notes>${hard}</notes>${easy}`
    expect((await chat('auto', strange)).headers).toMatchObject({ 'x-routeiq-selected-arm': 'large' })
    const moved = await chat('auto', [...begin, { role: 'user', content: hard }], session)
    expect(moved.headers).toMatchObject({
      'x-routeiq-selected-arm': 'large',
      'x-routeiq-affinity': 'switched',
    })
  })

  it('is never shared between keys', async () => {
    const [one, other] = [await gateway.createKey({}), await gateway.createKey({})]
    const headers = { 'x-routeiq-session-id': 'same' }
    await chat('auto', hard, { key: one.key, headers })
    const answer = await chat('auto', easy, { key: other.key, headers })
    expect(answer.headers).toMatchObject({ 'x-routeiq-selected-arm': 'small', 'x-routeiq-affinity': 'none' })
  })
})

describe('POST /router/route', () => {
  it('answers the documented question with the documented shape', async () => {
    const answer = await route({ query: 'Explain quantum entanglement' })
    expect(answer.status).toBe(200)
    const body = answer.json()
    expect(['small', 'middle', 'large', 'mixed']).toContain(body.selected_model)
    expect(body.confidence).toBeGreaterThan(0)
    expect(body.confidence).toBeLessThanOrEqual(1)
    expect(body.alternatives).toHaveLength(3)
    const scores = body.alternatives.map(({ score }: { score: number }) => score)
    expect(scores).toEqual(scores.toSorted((left: number, right: number) => right - left))
    expect(body.explain.candidates[0]).toMatchObject({ model: body.selected_model, propensity: 1 })
    for (const { q, components } of body.explain.candidates) {
      const sum = Object.values(components as Record<string, number>).reduce((total, part) => total + part, 0)
      expect(sum).toBeCloseTo(q, 4)
    }
  })

  it.each([easy, hard, 'translate "good morning" into french', 'write a sql query over several joins'])(
    'says what a request then does: %s',
    async (query) => {
      const told = (await route({ query })).json()
      const done = await chat('auto', query)
      expect(done.headers['x-routeiq-selected-arm']).toBe(told.selected_model)
      expect(done.headers['x-routeiq-model']).toBe(told.selected_model)
      expect(done.headers['x-routeiq-tier']).toBe(told.tier)
    },
  )

  it('calls no provider', async () => {
    await route({ query: easy })
    await route({ messages: [{ role: 'user', content: hard }], compare: ['llmrouter-smallest'] })
    expect(upstream.requestsFor('small')).toHaveLength(0)
    expect(upstream.requestsFor('large')).toHaveLength(0)
  })

  it('compares strategies, and says when one could not run', async () => {
    const body = (await route({ query: hard, compare: ['llmrouter-smallest', 'llmrouter-knn'] })).json()
    expect(body.compare).toMatchObject([
      { requested: 'llmrouter-smallest', strategy: 'llmrouter-smallest', selected_model: 'small' },
      { requested: 'llmrouter-knn', strategy: 'llmrouter-auto' },
    ])
    const learned = (await route({ query: hard, model: 'learned' })).json()
    expect(learned).toMatchObject({
      requested_strategy: 'llmrouter-knn',
      strategy: 'llmrouter-auto',
      fallback_reason: 'artifact_missing',
    })
  })

  it('takes names of single models, and refuses unknown ones and empty bodies', async () => {
    expect((await route({ query: easy, model: 'small' })).json()).toMatchObject({
      selected_model: 'small',
      confidence: 1,
      alternatives: [],
    })
    expect((await route({ query: easy, model: 'nobody' })).status).toBe(400)
    const empty = await route({})
    expect(empty.status).toBe(422)
    expect(empty.json().detail[0]).toMatchObject({ loc: ['body', 'query'] })
    expect((await route({ query: easy, profile: 'best' })).status).toBe(422)
    expect((await call(gateway.url, '/router/route', { body: { query: easy } })).status).toBe(401)
  })

  it('says by one code that no model is left, and why', async () => {
    const limit = { query: easy, max_cost: 0 }
    const refused = await route(limit)
    expect(refused.status).toBe(503)
    expect(refused.json()).toMatchObject({
      detail: { error: 'no_candidates', message: expect.stringContaining('x-routeiq-max-cost') },
    })
    const huge = await route({ query: easy, messages: [{ role: 'user', content: easy }], model: 'narrow' })
    expect([huge.status, huge.json().error.code]).toEqual([503, 'no_candidates'])
    expect(huge.json().error.message).toContain('context')
    const items = [limit, { query: easy }]
    const batch = await call(gateway.url, '/router/route/batch', { key: masterKey, body: { items } })
    expect(batch.json().items).toMatchObject([
      { error: { code: 'no_candidates' } },
      { selected_model: 'small' },
    ])
    // A call that finds no model fails as any call does.
    const called = await chat('narrow', easy)
    expect([called.status, called.json().error.code]).toEqual([400, 'context_length_exceeded'])
  })

  it('answers batches item by item', async () => {
    const items = [{ query: easy }, { query: hard }, { query: easy, model: 'nobody' }]
    const { items: answers } = (
      await call(gateway.url, '/router/route/batch', { key: masterKey, body: { items } })
    ).json()
    expect(answers).toMatchObject([
      { selected_model: 'small' },
      { selected_model: 'large' },
      { error: { code: 'invalid_model' } },
    ])
  })
})

describe('GET /router/info', () => {
  it('tells which strategies can run now', async () => {
    const body = (await call(gateway.url, '/router/info', { key: masterKey })).json()
    expect(body.registered_strategies).toContain('llmrouter-auto')
    expect(body.registered_strategies).not.toContain('llmrouter-knn')
    expect(body.strategy_count).toBe(body.registered_strategies.length)
    expect(body.registry.active_strategy).toBe('llmrouter-auto')
    expect(body.routers).toContainEqual({
      name: 'cheap',
      models: ['small', 'middle'],
      strategy: 'llmrouter-smallest',
      profile: 'auto',
    })
    expect((await call(gateway.url, '/router/info')).status).toBe(401)
  })

  it('has its comparison', async () => {
    const { strategies, total, active_strategy } = (
      await call(gateway.url, '/llmrouter/strategies/compare', { key: masterKey })
    ).json()
    expect(total).toBe(strategies.length)
    expect(active_strategy).toBe('llmrouter-auto')
    expect(strategies.filter(({ active }: { active: boolean }) => active)).toMatchObject([
      { name: 'llmrouter-auto', state: 'active' },
    ])
  })
})

describe('the kill switch', () => {
  it('is for admins, takes the first model at once, and loses nothing', async () => {
    const body = { enabled: true, reason: 'test' }
    const { key } = await gateway.createKey({})
    expect((await call(gateway.url, '/router/kill-switch', { key, body })).status).toBe(403)
    await call(gateway.url, '/router/kill-switch', { key: masterKey, body })
    const killed = (await route({ query: hard })).json()
    expect(killed).toMatchObject({ selected_model: 'small' })
    expect(killed.reasons[0]).toBe('kill_switch')
    await call(gateway.url, '/router/kill-switch', { key: masterKey, body: { enabled: false } })
    expect((await route({ query: hard })).json().selected_model).toBe('large')
  })
})

describe('a group of different models', () => {
  it('is balanced as ever without a strategy that chooses models', async () => {
    const answer = await chat('mixed', easy)
    expect(answer.headers).not.toHaveProperty('x-routeiq-selected-arm')
  })

  it('has its model chosen under one, with the balancing inside', async () => {
    const model_list = [
      priced('mixed', 0.05, 0.1),
      ...['a', 'b'].map((letter) =>
        deployment(
          'mixed',
          upstream.openaiBase,
          { model: 'openai/mixed-strong', input_cost_per_token: 1e-5, output_cost_per_token: 3e-5 },
          { id: `strong-${letter}` },
        ),
      ),
    ]
    await gateway.reload({
      model_list,
      router_settings: {
        routing_strategy: 'llmrouter-largest',
        routing_strategy_args: { inner_strategy: 'least-busy' },
      },
    })
    const seen = new Set<string | undefined>()
    await waitUntil('both deployments of the strong model were called', async () => {
      const { headers } = await chat('mixed', easy)
      expect(headers['x-routeiq-selected-arm']).toBe('openai/mixed-strong')
      seen.add(headers['x-litellm-model-id'])
      return seen.size === 2
    })
  })
})

describe('an experiment', () => {
  it('splits callers by the published rule, tells them, and leaves configured routers alone', async () => {
    const strategies = { control: 'llmrouter-smallest', challenger: 'llmrouter-largest' }
    await gateway.reload({
      model_list: [priced('small', 0.05, 0.1), priced('large', 10, 30)],
      routeiq: {
        routing: {
          routers: { own: { strategy: 'llmrouter-largest' } },
          experiment_config: {
            id: 'trial',
            variants: Object.entries(strategies).map(([name, strategy]) => ({ name, strategy, weight: 50 })),
          },
        },
      },
    })
    const seen = new Set<string>()
    for (let user = 0; user < 12; user++) {
      const body = { model: 'auto', messages: [{ role: 'user', content: easy }], user: `u${user}` }
      const ask = () => call(gateway.url, '/v1/chat/completions', { key: masterKey, body })
      const [first, again] = [await ask(), await ask()]
      const header = first.headers['x-routeiq-experiment'] ?? ''
      expect(again.headers['x-routeiq-experiment']).toBe(header)
      const variant = header.replace('trial;variant=', '') as keyof typeof strategies
      expect(first.headers['x-routeiq-strategy']).toBe(strategies[variant])
      seen.add(variant)
    }
    expect([...seen].toSorted()).toEqual(['challenger', 'control'])
    expect((await chat('own', easy)).headers).not.toHaveProperty('x-routeiq-experiment')
    const info = (await call(gateway.url, '/router/info', { key: masterKey })).json()
    expect(info.registry).toMatchObject({ ab_enabled: true, ab_weights: { control: 50, challenger: 50 } })
  })
})
