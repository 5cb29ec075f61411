import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { messages } from './harness/deployments.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const root = '/api/v1/routeiq'
let gateway: Gateway

const demo = (model_name: string): object => ({ model_name, litellm_params: { model: 'demo/demo' } })

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: [demo('small'), demo('large')],
      router_settings: { routing_strategy: 'least-busy' },
      routeiq: { routing: { default_profile: 'eco' } },
    },
    // Both workers must say the same.
    workers: 2,
  })
})
afterAll(() => gateway?.stop())

const get = (path: string): Promise<Answer> => call(gateway.url, path, { key })
const configure = (body: object): Promise<Answer> =>
  call(gateway.url, `${root}/routing/config`, { key, body })

/** As every worker answers it: each connection may reach another one. */
async function everywhere(path: string): Promise<unknown[]> {
  const answers = await Promise.all(Array.from({ length: 6 }, () => get(path)))
  return answers.map((answer) => answer.json())
}

describe('what runs', () => {
  it('GET /api/v1/routeiq/status', async () => {
    const body = (await get(`${root}/status`)).json()
    expect(body).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptime_seconds: expect.any(Number),
      uptime_formatted: expect.stringMatching(/^(\d+m )?\d+s$/),
      ...{ worker_count: 2, active_strategy: 'llmrouter-auto', routing_profile: 'eco' },
      centroid_routing_enabled: true,
      feature_flags: {
        ...{ mcp_gateway: false, a2a_gateway: false, policy_engine: false, centroid_routing: true },
        ...{ plugin_strategy: true, admin_ui: false, config_hot_reload: false },
      },
    })
  })

  it('GET /api/v1/routeiq/ui-config, before anybody signs in', async () => {
    expect((await call(gateway.url, `${root}/ui-config`)).json()).toEqual({
      version: expect.any(String),
      features: { sso_login: false, model_playground: true, cost_analytics: true },
      oidc: { enabled: false, login_url: null },
    })
  })

  it('GET /config/services', async () => {
    expect((await call(gateway.url, '/config/services')).json()).toEqual({
      services: {
        ...{ postgres: { status: 'embedded' }, redis: { status: 'not_configured' } },
        ...{ otel: { status: 'not_configured' }, oidc: { status: 'not_configured' } },
      },
      features: {
        ...{ persistence: true, caching: false, ha_leader_election: false, observability: false },
        ...{ sso_login: false, ml_routing: true, centroid_routing: true, centroid_vectors_preloaded: true },
      },
    })
  })

  it.each(['status', 'routing/config', 'routing/stats', 'stats/global'])('%s is for admins', async (path) => {
    expect((await call(gateway.url, `${root}/${path}`)).status).toBe(401)
    const { key: plain } = await gateway.createKey()
    expect((await call(gateway.url, `${root}/${path}`, { key: plain })).status).toBe(403)
  })
})

describe('what was chosen', () => {
  it('is counted, over all workers', async () => {
    const before = (await get(`${root}/routing/stats`)).json()
    expect(before).toEqual({
      ...{ total_decisions: 0, strategy_distribution: {}, profile_distribution: {} },
      ...{ centroid_decisions: 0, average_latency_ms: 0 },
    })
    const { key: caller, token } = await gateway.createKey()
    const ask = (model: string) =>
      call(gateway.url, '/v1/chat/completions', { key: caller, body: { model, messages } })
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('auto')))
    answers.push(await ask('routeiq/premium'))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    // Asked for by its name, it was not chosen.
    await ask('small')
    const stats = await waitUntil('all are counted', async () => {
      const found = (await get(`${root}/stats/global`)).json()
      return found.total_decisions === 6 ? found : null
    })
    expect(stats).toMatchObject({
      strategy_distribution: { 'llmrouter-auto': 6 },
      profile_distribution: { eco: 5, premium: 1 },
      ...{ centroid_decisions: 6, tracked_keys: 1, cluster_wide: true },
      key_distribution: { [`${token.slice(0, 12)}…`]: 6 },
    })
    expect(stats.average_latency_ms).toBeGreaterThan(0)
    const chosen: number[] = Object.values(stats.model_distribution)
    expect(chosen.reduce((sum, count) => sum + count)).toBe(6)
    expect(JSON.stringify(stats)).not.toContain(token)
  })
})

describe('what chooses', () => {
  it('GET /api/v1/routeiq/routing/config', async () => {
    const body = (await get(`${root}/routing/config`)).json()
    expect(body).toEqual({
      ...{ active_strategy: 'llmrouter-auto', routing_profile: 'eco', centroid_routing_enabled: true },
      available_strategies: expect.arrayContaining(['llmrouter-auto', 'llmrouter-random']),
      ab_testing: { enabled: false, weights: {}, experiment_id: null },
    })
  })

  it('is changed for every worker, and stays so', async () => {
    const body = { active_strategy: 'llmrouter-smallest', routing_profile: 'premium' }
    const answer = await configure(body)
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject(body)
    await waitUntil('every worker has it', async () =>
      (await everywhere(`${root}/routing/config`)).every(
        (config) => (config as typeof body).active_strategy === 'llmrouter-smallest',
      ),
    )
    const route = { key, body: { query: 'What is two and two?' } }
    expect((await call(gateway.url, '/router/route', route)).json()).toMatchObject({
      ...{ strategy: 'llmrouter-smallest', profile: 'premium' },
    })
    await gateway.restart()
    expect((await get(`${root}/status`)).json()).toMatchObject({
      ...{ active_strategy: 'llmrouter-smallest', routing_profile: 'premium' },
    })
    // A reload of the file does not take it back, null does.
    await call(gateway.url, '/config/reload', { key, body: {} })
    expect((await get(`${root}/routing/config`)).json()).toMatchObject(body)
    const undone = await configure({ active_strategy: null, routing_profile: null })
    expect(undone.json()).toMatchObject({ active_strategy: 'llmrouter-auto', routing_profile: 'eco' })
  })

  it('splits requests between strategies', async () => {
    const strategy_weights = { 'llmrouter-auto': 1, 'llmrouter-random': 3 }
    expect((await configure({ strategy_weights })).json().ab_testing).toEqual({
      ...{ enabled: true, weights: strategy_weights, experiment_id: 'default' },
    })
    const variants = [{ name: 'only', strategy: 'llmrouter-smallest', weight: 1 }]
    const experiment = { id: 'smallest', variants, enabled: true }
    expect((await configure({ experiment })).json().ab_testing).toEqual({
      ...{ enabled: true, weights: { only: 1 }, experiment_id: 'smallest' },
    })
    expect(
      (await configure({ experiment: { ...experiment, enabled: false } })).json().ab_testing,
    ).toMatchObject({
      enabled: false,
    })
    expect((await configure({ experiment: null })).json().ab_testing).toMatchObject({ enabled: false })
  })

  it('does without the shipped prior', async () => {
    expect((await configure({ centroid_routing_enabled: false })).json()).toMatchObject({
      centroid_routing_enabled: false,
    })
    await configure({ centroid_routing_enabled: null })
  })

  it.each([
    [{ active_strategy: 'llmrouter-nothing' }, 'the strategy llmrouter-nothing is not one of llmrouter-'],
    [{ active_strategy: 'least-busy' }, 'the strategy least-busy is not one of'],
    [{ strategy_weights: { 'llmrouter-nothing': 1 } }, 'the strategy llmrouter-nothing is not one of'],
    [{ strategy_weights: {} }, '`strategy_weights` names no strategy'],
  ])('refuses %o in words', async (body, words) => {
    const answer = await configure(body)
    expect([answer.status, typeof answer.json().detail]).toEqual([400, 'string'])
    expect(answer.json().detail).toContain(words)
  })

  it.each([{ routing_profile: 'cheap' }, { active_strategie: 'llmrouter-auto' }])(
    'refuses %o as a body of another shape',
    async (body) => {
      expect((await configure(body)).status).toBe(422)
    },
  )

  it('is recorded with who changed it', async () => {
    await configure({ active_strategy: 'llmrouter-nothing' })
    const events = await waitUntil('the refused change is recorded', async () => {
      const found = (await get(`${root}/audit?action=routing.configure`)).json().events
      return found[0]?.outcome === 'error' ? found : null
    })
    expect(events.map(({ outcome }: { outcome: string }) => outcome)).toContain('success')
  })
})
