import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl, redisUrl } = await findTestServices()
const replicas: Gateway[] = []
let upstream: ScriptedUpstream
let dropDatabase: () => Promise<void> = async () => {}

/** Each call costs 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }

beforeAll(async () => {
  if (databaseUrl === null || redisUrl === null) return
  const database = await createPostgresDatabase(databaseUrl)
  dropDatabase = database.drop
  upstream = await startScriptedUpstream()
  for (const _ of [1, 2, 3]) {
    const config = { model_list: [deployment('gpt', upstream.openaiBase, prices)] }
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl }
    replicas.push(await startGateway({ config, env }))
  }
})

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()))
  await upstream?.close()
  await dropDatabase()
})

const replica = (index: number): Gateway => {
  const found = replicas[index % replicas.length]
  if (found === undefined) throw new Error('there are no replicas')
  return found
}

async function chat(index: number, key: string): Promise<number> {
  const answer = await fetch(`${replica(index).url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt', messages, max_tokens: 7 }),
  })
  await answer.arrayBuffer()
  return answer.status
}

/** So many calls, some of them at a time, spread over the replicas. How often each status was answered. */
async function callMany(count: number, atATime: number, key: string): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const status = await chat(next++, key)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return statuses
}

async function ask(index: number, path: string, body?: object) {
  const options = { key: masterKey, ...(body === undefined ? {} : { body }) }
  return (await call(replica(index).url, path, options)).json()
}

it.skipIf(redisUrl === null)(
  'a budget of one dollar is not overrun by 200 callers of three replicas',
  async () => {
    const { key, token } = await replica(0).createKey({ max_budget: 1 })
    const statuses = await callMany(1_000, 200, key)
    expect([...statuses.keys()].sort()).toEqual([200, 429])
    let admitted = statuses.get(200) ?? 0
    expect(admitted * 0.025).toBeLessThanOrEqual(1.025)
    // What the estimates of calls at the same time left over, one after the other may have, each once Redis knows of the last.
    await waitUntil('the budget is used up', async () => {
      if ((await chat(admitted, key)) === 200) admitted += 1
      return admitted * 0.025 >= 1
    })
    await waitUntil('it refuses', async () => {
      const status = await chat(admitted, key)
      if (status === 200) admitted += 1
      return status === 429
    })
    const spend = admitted * 0.025
    expect(spend).toBeLessThanOrEqual(1.025)
    await waitUntil(
      'the ledger has every call once',
      async () => Math.abs((await ask(1, `/key/info?key=${token}`)).info.spend - spend) < 1e-9,
      10_000,
    )
  },
)

it.skipIf(redisUrl === null)(
  'a hundred requests a minute are exactly a hundred for three replicas together',
  async () => {
    const { key } = await replica(0).createKey({ rpm_limit: 100 })
    const startedAt = Date.now()
    const statuses = await callMany(3_000, 64, key)
    const windows = Math.floor((Date.now() - startedAt) / 60_000) + 1
    expect(statuses.get(200)).toBe(100 * windows)
    expect(statuses.get(429)).toBe(3_000 - 100 * windows)
  },
  240_000,
)

it.skipIf(redisUrl === null)('what is revoked or changed on one replica counts on all', async () => {
  const { key } = await replica(0).createKey()
  for (const index of [0, 1, 2]) expect(await chat(index, key)).toBe(200)
  await ask(0, '/key/block', { key })
  const isBlocked = async (): Promise<boolean> =>
    (await Promise.all([0, 1, 2].map((index) => chat(index, key)))).every((status) => status === 401)
  await waitUntil('no replica takes the key', isBlocked)
  const { team_id } = await ask(1, '/team/new', { team_alias: 'shared' })
  const ofTeam = await replica(1).createKey({ team_id })
  for (const index of [0, 1, 2]) expect(await chat(index, ofTeam.key)).toBe(200)
  await ask(2, '/team/block', { team_id })
  await waitUntil('no replica takes keys of the team', async () =>
    (await Promise.all([0, 1, 2].map((index) => chat(index, ofTeam.key)))).every((status) => status === 401),
  )
})

it.skipIf(redisUrl === null)('a replica that starts later leaves alone what the others do', async () => {
  const start = (): Promise<Gateway> =>
    startGateway({
      config: {
        model_list: [deployment('deep', upstream.openaiBase, { model: 'deepseek/deep' })],
        router_settings: { num_retries: 0, disable_cooldowns: true },
      },
      env: {
        REDIS_URL: redisUrl ?? '',
        ROUTEIQ_PROVIDER_CB_ENABLED: 'true',
        ROUTEIQ_CB_FAILURE_THRESHOLD: '1',
        ROUTEIQ_CB_TIMEOUT_SECONDS: '600',
      },
    })
  upstream.script('deep', respond(500, openaiError('Broken')))
  const early = await start()
  const body = { model: 'deep', messages, max_tokens: 7 }
  expect((await call(early.url, '/v1/chat/completions', { key: masterKey, body })).status).toBe(500)
  const late = await start()
  await waitUntil('it has heard of it', async () => {
    const { breakers } = (await call(late.url, '/_health/ready')).json().checks.circuit_breakers
    return breakers['provider:deepseek'] === 'open'
  })
  const refused = await call(late.url, '/v1/chat/completions', { key: masterKey, body })
  expect([refused.status, refused.json().error.code]).toEqual([429, 'no_deployments_available'])
  await Promise.all([early, late].map((gateway) => gateway.stop()))
})
