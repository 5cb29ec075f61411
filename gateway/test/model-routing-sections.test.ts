import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { chatCompletion } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { after, answerTruly, respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
const gateways: Gateway[] = []

/** USD for a million tokens. */
const prices = { tiny: 0.1, middle: 1, large: 100 }
const qualities: Readonly<Record<string, number>> = { tiny: 0.5, middle: 0.7, large: 0.95 }

/** A gateway under these sections of `routeiq:`. */
async function gatewayWith(sections: object, router: object = {}): Promise<Gateway> {
  const gateway = await startGateway({
    config: {
      model_list: Object.entries(prices).map(([name, price]) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: price / 1e6, output_cost_per_token: price / 1e6 },
          { id: name, quality_score: qualities[name] },
        ),
      ),
      router_settings: { num_retries: 0, cooldown_time: 0, ...router },
      routeiq: sections,
    },
  })
  gateways.push(gateway)
  return gateway
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
})

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()))
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const chat = (gateway: Gateway, content: string, body: object = {}): Promise<Answer> =>
  call(gateway.url, '/v1/chat/completions', {
    key: masterKey,
    body: { model: 'auto', messages: [{ role: 'user', content }], ...body },
  })

async function reasonsOf(gateway: Gateway, body: object): Promise<{ model: string; reasons: string[] }> {
  const { selected_model: model, reasons } = (
    await call(gateway.url, '/router/route', { key: masterKey, body })
  ).json()
  return { model, reasons }
}

describe('rules, intents and capability together', () => {
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await gatewayWith({
      tag_routing: {
        enabled: true,
        tag_model_groups: { batch: ['large'] },
        regex_model_groups: { '^translate\\b': 'tiny' },
        user_agent_model_groups: { '^careful/': ['large'] },
      },
      semantic_intent: {
        enabled: true,
        intent_model_groups: {
          refunds: { examples: ['please refund my last invoice'], models: ['middle'] },
        },
      },
      capability_routing: {
        enabled: true,
        model_tiers: { tiny: 'fast', middle: 'advanced', large: 'expert' },
      },
      latency_aware: { enabled: true, p_latency_target_ms: 60_000 },
    })
  })

  it('a tag of a request leads to its models', async () => {
    const answer = await chat(gateway, 'Hello', { tags: ['batch'] })
    expect(answer.headers['x-routeiq-selected-arm']).toBe('large')
    expect(upstream.requestsFor('large')).toHaveLength(1)
  })

  it('so do a pattern of the prompt and the client', async () => {
    expect(await reasonsOf(gateway, { query: 'Translate good morning' })).toMatchObject({
      model: 'tiny',
      reasons: expect.arrayContaining(['rule:regex=^translate\\b']),
    })
    const answer = await call(gateway.url, '/v1/chat/completions', {
      key: masterKey,
      headers: { 'user-agent': 'careful/1.0' },
      body: { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] },
    })
    expect(answer.headers['x-routeiq-selected-arm']).toBe('large')
  })

  it('where no rule fits an intent does', async () => {
    expect(await reasonsOf(gateway, { query: 'Please refund my last invoice, it was wrong' })).toMatchObject({
      model: 'middle',
      reasons: expect.arrayContaining(['intent:refunds']),
    })
  })

  it('and else how capable a model has to be', async () => {
    const query = 'Prove step by step, as a rigorous theorem, that this concurrent algorithm has no race.'
    expect(await reasonsOf(gateway, { query, profile: 'eco' })).toMatchObject({
      model: 'large',
      reasons: expect.arrayContaining(['capability:expert']),
    })
    expect((await reasonsOf(gateway, { query: 'Hello', profile: 'eco' })).model).toBe('tiny')
  })

  it('is all told by the router', async () => {
    const { registry, strategy_args } = (await call(gateway.url, '/router/info', { key: masterKey })).json()
    expect(registry.active_strategy).toBe('llmrouter-latency-sla')
    expect(strategy_args).toMatchObject({
      p_latency_target_ms: 60_000,
      inner_strategy: 'llmrouter-tag-regex-ua',
      inner_args: { inner_strategy: 'llmrouter-semantic-intent' },
    })
  })

  it('leaves a model that is named, and a caller that names a strategy, alone', async () => {
    expect((await chat(gateway, 'Hello', { model: 'tiny', tags: ['batch'] })).status).toBe(200)
    expect(upstream.requestsFor('tiny')).toHaveLength(1)
    const { reasons } = await reasonsOf(gateway, {
      query: 'Translate good morning',
      strategy: 'llmrouter-largest',
    })
    expect(reasons.filter((reason) => reason.startsWith('rule:'))).toEqual([])
  })
})

describe('cheap models first', () => {
  it('climbs from the cheap model to the dear one, and stays within what a rule allows', async () => {
    const gateway = await gatewayWith({
      cost_cascade: { enabled: true, max_rungs: 2 },
      tag_routing: { enabled: true, tag_model_groups: { cheap: ['tiny', 'middle'] } },
    })
    upstream.script('tiny', respond(200, chatCompletion({ content: '' })))
    upstream.script('large', answerTruly({ content: 'Two are left.' }))
    const answer = await chat(gateway, 'Tell me about apples and orchards.')
    expect(answer.headers).toMatchObject({
      'x-routeiq-strategy': 'llmrouter-cascade',
      'x-routeiq-selected-arm': 'large',
    })
    upstream.reset()
    upstream.script('tiny', respond(200, chatCompletion({ content: '' })))
    const ruled = await chat(gateway, 'Tell me about apples and orchards.', { tags: ['cheap'] })
    expect(ruled.headers['x-routeiq-selected-arm']).toBe('middle')
    expect(upstream.requestsFor('large')).toEqual([])
  })
})

describe('a latency target', () => {
  it('leaves out the model that was slow, for as many answers as count', async () => {
    const gateway = await gatewayWith({
      latency_aware: { enabled: true, p_latency_target_ms: 1_000, max_latency_samples: 2 },
    })
    upstream.script('large', after(1_200, answerTruly({ content: 'slow' })))
    await chat(gateway, 'Hello', { model: 'large' })
    const query = { query: 'Hello', profile: 'premium' }
    expect((await reasonsOf(gateway, query)).reasons).toContain('latency_sla')
    upstream.reset()
    await chat(gateway, 'Hello', { model: 'large' })
    await chat(gateway, 'Hello', { model: 'large' })
    expect((await reasonsOf(gateway, query)).model).toBe('large')
  })
})

describe('a bandit', () => {
  it('chooses for `auto` with what cost weighs against quality', async () => {
    const gateway = await gatewayWith({
      kumaraswamy_thompson: { enabled: true, w_quality: 1, w_cost: 50, cold_start_kappa: 500 },
    })
    const answer = await chat(gateway, 'Hello')
    expect(answer.headers['x-routeiq-strategy']).toBe('llmrouter-bandit')
    const { explain } = (
      await call(gateway.url, '/router/route', { key: masterKey, body: { query: 'Hello' } })
    ).json()
    expect(explain.lambda).toBe(50)
  })

  it('gives quality up for quicker answers, as `w_latency` says', async () => {
    const gateway = await gatewayWith({
      kumaraswamy_thompson: { enabled: true, w_quality: 0.2, w_cost: 0, w_latency: 1, cold_start_kappa: 500 },
    })
    const route = async () =>
      (await call(gateway.url, '/router/route', { key: masterKey, body: { query: 'Hello' } })).json()
    const before = await route()
    expect(before.selected_model).toBe('large')
    expect(before.explain.candidates[0]).not.toHaveProperty('delay')
    upstream.script('large', after(1_500, answerTruly()))
    await Promise.all(['tiny', 'large'].map((model) => chat(gateway, 'Hello', { model })))
    const { selected_model: selected, explain } = await route()
    expect(selected).toBe('tiny')
    const [first, , last] = explain.candidates
    expect(last).toMatchObject({ model: 'large', delay: 5 })
    expect(first.delay).toBeLessThan(5)
    expect(first.utility).toBeCloseTo(first.q - first.delay, 4)
  })
})

describe('regions, and what rules and operators say of profiles', () => {
  let gateway: Gateway
  const routers = {
    ruled: {
      strategy: 'llmrouter-rules',
      // biome-ignore lint/suspicious/noThenProperty: the word of the configuration, and no promise
      args: { rules: [{ if: { tag: 'quality' }, then: { profile: 'premium' } }] },
    },
  }
  const regions = (isHard: boolean): object => ({
    region_routing: {
      enabled: true,
      region_header: 'X-Where',
      region_map: { eu: ['tiny'], us: ['large'] },
      hard_residency_default: isHard,
    },
    routing: { free_strict: true, routers },
  })
  const chatIn = (region: string, model = 'auto'): Promise<Answer> =>
    call(gateway.url, '/v1/chat/completions', {
      key: masterKey,
      headers: { 'x-where': region },
      body: { model, messages: [{ role: 'user', content: 'Hello' }] },
    })

  beforeAll(async () => {
    gateway = await gatewayWith(regions(true))
  })

  it('a request is answered in its region alone', async () => {
    expect((await chatIn('us')).headers['x-routeiq-selected-arm']).toBe('large')
    expect((await chatIn('eu')).headers['x-routeiq-selected-arm']).toBe('tiny')
    upstream.reset()
    const refused = await chatIn('eu', 'large')
    expect([refused.status, refused.json().error.code]).toEqual([503, 'no_eligible_deployment'])
    expect((await chatIn('mars')).status).toBe(503)
    expect(upstream.requestsFor('large')).toEqual([])
  })

  it('a rule sets the profile, unless the request names one', async () => {
    const ask = async (profile: object) =>
      (
        await call(gateway.url, '/router/route', {
          key: masterKey,
          body: { model: 'ruled', query: 'Hello', metadata: { tags: ['quality'] }, ...profile },
        })
      ).json()
    expect(await ask({})).toMatchObject({ profile: 'premium', explain: { lambda: 0 } })
    expect(await ask({ profile: 'eco' })).toMatchObject({ profile: 'eco' })
  })

  it('who wants it free pays nothing, or gets nothing', async () => {
    const refused = await chat(gateway, 'Hello', { model: 'routeiq/free' })
    expect([refused.status, refused.json().error.message]).toEqual([503, expect.stringContaining('is free')])
  })

  it('a region may be only a wish', async () => {
    gateway = await gatewayWith(regions(false))
    expect((await chatIn('us')).headers['x-routeiq-selected-arm']).toBe('large')
    expect((await chatIn('eu', 'large')).status).toBe(200)
  })
})
