import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl, redisUrl } = await findTestServices()
const root = '/api/v1/routeiq/governance/policies'
/** 11 tokens of prompt and 7 of answer cost 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
const on = { ROUTEIQ_USAGE_POLICIES_ENABLED: 'true' }

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
beforeEach(() => upstream.reset())
afterAll(() => upstream?.close())

const configOf = () => ({
  model_list: ['gpt', 'claude'].map((name) => deployment(name, upstream.openaiBase, prices)),
})

const postgres = async () => {
  const database = await createPostgresDatabase(databaseUrl ?? '')
  return { env: { DATABASE_URL: database.url, REDIS_URL: redisUrl ?? '' }, drop: database.drop }
}
const places = [
  { name: 'the embedded database', open: async () => ({ env: {}, drop: async () => {} }) },
  ...(databaseUrl === null || redisUrl === null ? [] : [{ name: 'PostgreSQL and Redis', open: postgres }]),
]

describe.each(places)('usage policies over $name', ({ name, open }) => {
  let gateways: Gateway[] = []
  let drop: () => Promise<void>

  beforeAll(async () => {
    const place = await open()
    drop = place.drop
    const count = name === 'the embedded database' ? 1 : 2
    for (let index = 0; index < count; index += 1)
      gateways.push(await startGateway({ config: configOf(), env: { ...place.env, ...on } }))
  }, 90_000)
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    gateways = []
    await drop?.()
  })

  const at = (index: number): Gateway => gateways[index % gateways.length] as Gateway
  const admin = (method: string, path: string, body?: object): Promise<Answer> =>
    call(at(0).url, root + path, { method, key: masterKey, ...(body === undefined ? {} : { body }) })

  /** A policy for the keys of one user, so that tests do not meet. */
  async function policyFor(user: string, body: object) {
    const conditions = { user, ...(body as { conditions?: object }).conditions }
    const made = await admin('POST', '', {
      ...{ name: user, limit_type: 'requests', limit_value: 2, limit_period: 'month' },
      ...{ ...body, conditions },
    })
    expect(made.status).toBe(201)
    const { key } = await at(0).createKey({ user_id: user })
    return { id: made.json().policy_id as string, key }
  }

  function chat(key: string, extra: object = {}, index = 0): Promise<Answer> {
    const body = { model: 'gpt', messages, max_tokens: 7, num_retries: 0, ...extra }
    return call(at(index).url, '/v1/chat/completions', { key, body })
  }

  async function statuses(count: number, key: string, extra: object = {}): Promise<number[]> {
    const all: number[] = []
    for (let index = 0; index < count; index += 1) all.push((await chat(key, extra, index)).status)
    return all
  }

  it('are made, read, changed and deleted', async () => {
    const body = { name: 'n', limit_type: 'cost', limit_value: 5, limit_period: 'day' }
    const made = await admin('POST', '', { ...body, policy_id: 'p1', workspace_id: 'ws' })
    expect([made.status, made.json()]).toMatchObject([
      201,
      {
        ...{ policy_id: 'p1', created: true, enforced: true },
        policy: {
          ...{ ...body, policy_id: 'p1', description: '', enabled: true, conditions: {}, exclusions: {} },
          ...{ group_by: [], action: 'deny', alert_threshold: null, priority: 100, workspace_id: 'ws' },
        },
      },
    ])
    expect((await admin('GET', '?workspace_id=ws')).json()).toMatchObject({ count: 1 })
    expect((await admin('PUT', '/p1', { limit_value: 6 })).json().policy).toMatchObject({
      name: 'n',
      limit_value: 6,
    })
    expect((await admin('GET', '/p1')).json().policy.limit_value).toBe(6)
    expect((await admin('DELETE', '/p1')).json()).toEqual({ deleted: true, policy_id: 'p1' })
    for (const [method, path] of [
      ['GET', '/p1'],
      ['PUT', '/p1'],
      ['DELETE', '/p1'],
      ['GET', '/p1/usage'],
      ['POST', '/p1/reset'],
    ] as const) {
      const gone = await admin(method, path, method === 'GET' ? undefined : {})
      expect([gone.status, gone.json().detail.error]).toEqual([404, 'policy_not_found'])
    }
  })

  it.each([
    [{ limit_value: 0 }, 400, 'invalid_limit_value'],
    [{ limit_value: 0.5 }, 400, 'invalid_limit_value'],
    [{ alert_threshold: 1.5 }, 400, 'invalid_alert_threshold'],
    [{ conditions: { modle: 'gpt' } }, 422, 'modle'],
    [{ group_by: ['metadata.'] }, 422, 'group_by'],
    [{ limit_period: 'fortnight' }, 422, 'limit_period'],
    [{ limits: 3 }, 422, 'limits'],
  ])('of %j the answer is %i', async (part, status, text) => {
    const body = { name: 'n', limit_type: 'requests', limit_value: 2, limit_period: 'day', ...part }
    const answer = await admin('POST', '', body)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
  })

  it('deny when the limit is reached, on all replicas together and for streams, and can be reset', async () => {
    const { id, key } = await policyFor('ann', {})
    expect(await statuses(2, key)).toEqual([200, 200])
    const refused = await chat(key, { stream: true }, 1)
    expect(refused.status).toBe(429)
    expect(refused.json().detail).toMatchObject({
      ...{ error: 'usage_policy_exceeded', policy_id: id, limit_type: 'requests', limit_value: 2 },
      ...{ current_usage: 2, retry_after: expect.any(Number) },
    })
    expect(Number.isInteger(Number(refused.headers['retry-after']))).toBe(true)
    await waitUntil(
      'the counters are written',
      async () => (await admin('GET', `/${id}/usage`)).json().current_usage === 2,
    )
    expect((await admin('GET', `/${id}/usage`)).json()).toEqual({
      ...{ policy_id: id, group_key: '__global__', current_usage: 2, usage_pct: 100 },
      ...{ limit_value: 2, limit_type: 'requests', limit_period: 'month' },
    })
    const reset = await admin('POST', `/${id}/reset`)
    expect(reset.json()).toEqual({ reset: true, policy_id: id, group_key: '__global__' })
    expect((await chat(key)).status).toBe(200)
    await waitUntil('the other replica knows', async () =>
      [200, 429].includes((await chat(key, {}, 1)).status),
    )
    expect((await admin('GET', `/${id}/usage`)).json().current_usage).toBeLessThanOrEqual(2)
  })

  it('count groups apart, and metadata of the request as it is sent', async () => {
    const { id, key } = await policyFor('bob', { limit_value: 1, group_by: ['model', 'metadata.job'] })
    const job = (name: string) => ({ metadata: { job: name } })
    expect((await chat(key, job('a'))).status).toBe(200)
    expect((await chat(key, job('a'), 1)).status).toBe(429)
    expect((await chat(key, job('b'), 1)).status).toBe(200)
    expect((await chat(key, { ...job('a'), model: 'claude' })).status).toBe(200)
    expect((await chat(key)).status).toBe(200)
    await waitUntil(
      'all groups are written',
      async () => (await admin('GET', `/${id}/usage`)).json().count === 4,
    )
    const { groups } = (await admin('GET', `/${id}/usage`)).json()
    expect(groups.map(({ group_key }: { group_key: string }) => group_key).sort()).toEqual([
      'model=claude,metadata.job=a',
      'model=gpt,metadata.job=a',
      'model=gpt,metadata.job=b',
      'model=gpt,metadata.job=none',
    ])
    const group = 'model=gpt,metadata.job=a'
    const path = `/${id}/usage?group_key=${encodeURIComponent(group)}`
    expect((await admin('GET', path)).json()).toMatchObject({ group_key: group, current_usage: 1 })
    const reset = await admin('POST', `/${id}/reset?group_key=${encodeURIComponent(group)}`)
    expect(reset.json().group_key).toBe(group)
    expect((await chat(key, job('a'))).status).toBe(200)
    expect((await chat(key, job('b'))).status).toBe(429)
  })

  it('concern what all conditions fit and no exclusion', async () => {
    const { key } = await policyFor('eve', {
      limit_value: 1,
      conditions: { model: 'g*', 'metadata._user': 'eve', route: '/v1/chat/*', provider: 'openai' },
      exclusions: { 'metadata.urgent': 'true' },
    })
    expect(await statuses(2, key)).toEqual([200, 429])
    expect((await chat(key, { model: 'claude' })).status).toBe(200)
    expect((await chat(key, { metadata: { urgent: true } })).status).toBe(200)
    expect((await chat(key, { metadata: { _user: 'ann' } })).status).toBe(429)
  })

  it('count cost and tokens as they really were', async () => {
    const cost = await policyFor('cam', { limit_type: 'cost', limit_value: 0.2 })
    const all = await statuses(8, cost.key)
    const spent = all.filter((status) => status === 200).length * 0.025
    expect(spent).toBeGreaterThanOrEqual(0.1)
    expect(spent).toBeLessThanOrEqual(0.2)
    const tokens = await policyFor('tim', { limit_type: 'output_tokens', limit_value: 21 })
    expect(await statuses(4, tokens.key)).toEqual([200, 200, 200, 429])
  })

  it('that log or alert refuse nothing, and tell each crossing once', async () => {
    const { id, key } = await policyFor('zoe', { action: 'alert', alert_threshold: 0.5 })
    expect(await statuses(5, key)).toEqual([200, 200, 200, 200, 200])
    const lines = () =>
      gateways
        .flatMap((gateway) => gateway.stdout().split('\n'))
        .filter((line) => line.includes('usage_policy_alert') && line.includes(id))
        .map((line) => JSON.parse(line).threshold)
        .sort()
    await waitUntil('both crossings are told', () => lines().length >= 2)
    expect(lines()).toEqual([0.5, 1])
  })

  it('are kept over a restart, and those that are off or gone do nothing', async () => {
    const { id, key } = await policyFor('kim', {})
    expect(await statuses(2, key)).toEqual([200, 200])
    await at(0).restart()
    expect((await chat(key)).status).toBe(429)
    await admin('PUT', `/${id}`, { enabled: false })
    expect((await chat(key)).status).toBe(200)
    await admin('PUT', `/${id}`, { enabled: true, limit_value: 100 })
    expect((await chat(key)).status).toBe(200)
    await admin('DELETE', `/${id}`)
    expect((await chat(key)).status).toBe(200)
  })
})

it('usage policies are kept but not held where they are off', async () => {
  const gateway = await startGateway({ config: configOf() })
  try {
    const body = { name: 'n', limit_type: 'requests', limit_value: 1, limit_period: 'month' }
    const made = await call(gateway.url, root, { key: masterKey, body })
    expect(made.json()).toMatchObject({ created: true, enforced: false })
    for (const _ of [1, 2]) {
      const chat = { key: masterKey, body: { model: 'gpt', messages } }
      expect((await call(gateway.url, '/v1/chat/completions', chat)).status).toBe(200)
    }
  } finally {
    await gateway.stop()
  }
})
