import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTcpRelay } from '../src/storage/testing/tcp-relay.ts'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

const { databaseUrl, redisUrl } = await findTestServices()
/** 11 tokens of prompt and 7 of answer cost 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
beforeEach(() => upstream.reset())
afterAll(() => upstream?.close())

const configOf = () => ({
  model_list: [
    ...['gpt', 'gpt-mini'].map((name) => deployment(name, upstream.openaiBase, prices)),
    deployment('free', upstream.openaiBase, { input_cost_per_token: 0, output_cost_per_token: 0 }),
  ],
})

/** The quotas of a gateway, as the variable has them. */
const quotas = (limits: readonly object[], env: Readonly<Record<string, string>> = {}) => ({
  ROUTEIQ_QUOTA_ENABLED: 'true',
  ROUTEIQ_QUOTA_LIMITS_JSON: JSON.stringify(limits),
  ...env,
})

async function withGateway(env: Readonly<Record<string, string>>, use: (gateway: Gateway) => Promise<void>) {
  const gateway = await startGateway({ config: configOf(), env })
  try {
    await use(gateway)
  } finally {
    await gateway.stop()
  }
}

function chat(gateway: Gateway, key: string, extra: object = {}, path = '/v1/chat/completions') {
  const body = { model: 'gpt', messages, max_tokens: 7, num_retries: 0, ...extra }
  return call(gateway.url, path, { key, body })
}

const statusOf = async (answer: Promise<Answer>): Promise<number> => (await answer).status

describe('quotas', () => {
  let gateway: Gateway
  beforeAll(async () => {
    const limits = [
      { metric: 'requests', window: 'month', limit: 3 },
      { metric: 'requests', window: 'month', limit: 1, models: ['*-mini'] },
      { metric: 'total_tokens', window: 'month', limit: 400, routes: ['/v1/chat/*'] },
    ]
    gateway = await startGateway({ config: configOf(), env: quotas(limits) })
  })
  afterAll(() => gateway?.stop())

  it('are counted for a team, else a user, else a key; the master key has one too', async () => {
    await call(gateway.url, '/team/new', { key: masterKey, body: { team_id: 'blue' } })
    const [one, two] = [
      await gateway.createKey({ team_id: 'blue' }),
      await gateway.createKey({ team_id: 'blue' }),
    ]
    for (const { key } of [one, two, one]) expect(await statusOf(chat(gateway, key))).toBe(200)
    const refused = await chat(gateway, two.key)
    expect(refused.status).toBe(429)
    const seconds = Number(refused.headers['retry-after'])
    expect(Number.isInteger(seconds) && seconds > 0 && seconds <= 31 * 86_400).toBe(true)
    expect(refused.json()).toMatchObject({
      detail: {
        ...{ error: 'quota_exceeded', metric: 'requests', window: 'month', current: 3, limit: 3 },
        retry_after: expect.any(Number),
        message: expect.stringContaining('3 of 3 requests'),
      },
      error: { type: 'quota_exceeded', code: 'quota_exceeded', message: expect.any(String) },
    })
    const ofUser = await gateway.createKey({ user_id: 'ann' })
    const another = await gateway.createKey({ user_id: 'ann' })
    for (const { key } of [ofUser, another, ofUser]) expect(await statusOf(chat(gateway, key))).toBe(200)
    expect(await statusOf(chat(gateway, another.key))).toBe(429)
    for (const _ of [1, 2, 3]) expect(await statusOf(chat(gateway, masterKey))).toBe(200)
    expect(await statusOf(chat(gateway, masterKey))).toBe(429)
    expect(await statusOf(chat(gateway, (await gateway.createKey()).key))).toBe(200)
  })

  it('are refused in the form of each dialect, and streams before their first byte', async () => {
    const { key } = await gateway.createKey()
    for (const _ of [1, 2, 3]) expect(await statusOf(chat(gateway, key))).toBe(200)
    const calls = upstream.requests.length
    const stream = await chat(gateway, key, { stream: true })
    expect(stream.status).toBe(429)
    expect(stream.json().detail.error).toBe('quota_exceeded')
    const anthropic = await chat(gateway, key, {}, '/v1/messages')
    expect(anthropic.status).toBe(429)
    expect(anthropic.json()).toMatchObject({ type: 'error', error: { message: expect.any(String) } })
    expect(upstream.requests).toHaveLength(calls)
  })

  it('may concern some models and some routes, and nothing refused is counted', async () => {
    const { key } = await gateway.createKey()
    expect(await statusOf(chat(gateway, key, { model: 'gpt-mini' }))).toBe(200)
    for (const _ of [1, 2, 3]) expect(await statusOf(chat(gateway, key, { model: 'gpt-mini' }))).toBe(429)
    for (const _ of [1, 2]) expect(await statusOf(chat(gateway, key))).toBe(200)
    const other = await gateway.createKey()
    expect(await statusOf(chat(gateway, other.key, { max_tokens: 500 }))).toBe(429)
    expect(await statusOf(chat(gateway, other.key, { max_tokens: 500 }, '/v1/messages'))).toBe(200)
  })

  it('reserve tokens before the call and are corrected after it', async () => {
    const { key } = await gateway.createKey()
    // Each reserves about 330 tokens and uses 18.
    for (const _ of [1, 2, 3]) expect(await statusOf(chat(gateway, key, { max_tokens: 300 }))).toBe(200)
  })

  it('count what failed as a request without tokens', async () => {
    const { key } = await gateway.createKey()
    upstream.script('gpt', respond(400, '{"error":{"message":"no"}}'))
    expect(await statusOf(chat(gateway, key, { max_tokens: 300 }))).toBe(400)
    upstream.reset()
    for (const _ of [1, 2]) expect(await statusOf(chat(gateway, key, { max_tokens: 300 }))).toBe(200)
    expect(await statusOf(chat(gateway, key))).toBe(429)
  })

  it('are still known after a restart', async () => {
    const { key } = await gateway.createKey()
    for (const _ of [1, 2, 3]) expect(await statusOf(chat(gateway, key))).toBe(200)
    await gateway.restart()
    expect(await statusOf(chat(gateway, key))).toBe(429)
  })
})

it('quotas on spend hold the real price, and a usual one where none is known', async () => {
  const limits = [{ metric: 'spend_usd', window: 'month', limit: 0.1 }]
  await withGateway(quotas(limits), async (gateway) => {
    const { key } = await gateway.createKey()
    const statuses: number[] = []
    for (const _ of [1, 2, 3, 4, 5, 6]) statuses.push(await statusOf(chat(gateway, key)))
    expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(1)
    expect(statuses.filter((status) => status === 200).length * 0.025).toBeLessThanOrEqual(0.1)
    expect((await chat(gateway, key)).json().detail).toMatchObject({ metric: 'spend_usd', limit: 0.1 })
    expect(await statusOf(chat(gateway, key, { model: 'free' }))).toBe(200)
  })
})

it('estimates stay as they are without reconciliation', async () => {
  const limits = [{ metric: 'output_tokens', window: 'day', limit: 10 }]
  await withGateway(quotas(limits, { ROUTEIQ_COST_RECONCILIATION_ENABLED: 'false' }), async (gateway) => {
    const { key } = await gateway.createKey()
    expect(await statusOf(chat(gateway, key, { max_tokens: 9 }))).toBe(200)
    expect(await statusOf(chat(gateway, key, { max_tokens: 2 }))).toBe(429)
    expect(await statusOf(chat(gateway, key, { max_tokens: 1 }))).toBe(200)
  })
})

describe.skipIf(redisUrl === null)('without the Redis it should count in', () => {
  const limits = [{ metric: 'requests', window: 'month', limit: 5 }]
  it.each([
    ['closed', 503],
    ['open', 200],
  ])('a gateway with ROUTEIQ_QUOTA_FAIL_MODE=%s answers %i', async (mode, status) => {
    const relay = await openTcpRelay(redisUrl ?? '')
    const env = { REDIS_URL: relay.url, ROUTEIQ_QUOTA_FAIL_MODE: mode }
    try {
      await withGateway(quotas(limits, env), async (gateway) => {
        const { key } = await gateway.createKey()
        expect(await statusOf(chat(gateway, key))).toBe(200)
        relay.cut()
        const answer = await chat(gateway, key)
        expect(answer.status).toBe(status)
        if (status === 503) {
          expect(answer.json().error.code).toBe('quota_storage_unavailable')
          return
        }
        const metrics = (await call(gateway.url, '/metrics', { key: masterKey })).text
        expect(metrics).toMatch(/^routeiq_uncounted_calls_total(\{\})? [1-9]/m)
        for (const _ of [3, 4, 5]) expect(await statusOf(chat(gateway, key))).toBe(200)
        expect(await statusOf(chat(gateway, key))).toBe(429)
      })
    } finally {
      await relay.close()
    }
  })
})

it.skipIf(redisUrl === null || databaseUrl === null)(
  'three replicas and their workers count together, to the request',
  async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    const limits = [{ metric: 'requests', window: 'month', limit: 50 }]
    const env = quotas(limits, { DATABASE_URL: database.url, REDIS_URL: redisUrl ?? '' })
    const replicas: Gateway[] = []
    try {
      for (const _ of [1, 2, 3]) replicas.push(await startGateway({ config: configOf(), env }))
      const key = (await replicas[0]?.createKey())?.key ?? ''
      const answers = Array.from({ length: 200 }, (_, index) => chat(replicas[index % 3] as Gateway, key))
      const statuses = await Promise.all(answers.map(statusOf))
      expect(statuses.filter((status) => status === 200)).toHaveLength(50)
      expect(statuses.filter((status) => status === 429)).toHaveLength(150)
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()))
      await database.drop()
    }
  },
  90_000,
)

it('a limit that cannot be read stops the start', async () => {
  const start = startGateway({
    config: configOf(),
    env: quotas([{ metric: 'requests', window: 'fortnight', limit: 1 }]),
  })
  await expect(start).rejects.toThrow('ROUTEIQ_QUOTA_LIMITS_JSON')
})
