import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { startOwnServices } from './harness/own-services.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const root = '/api/v1/routeiq/breakers'
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const pair = ['one', 'two'].map((id) =>
    deployment('gpt', upstream.openaiBase, { model: `openai/${id}` }, { id }),
  )
  gateway = await startGateway({
    config: { model_list: pair, router_settings: { num_retries: 0 } },
    // What one worker is told, the other one does.
    workers: 2,
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const move = (name: string, to: 'open' | 'close', body: object = {}) =>
  call(gateway.url, `${root}/${encodeURIComponent(name)}/${to}`, { key, body })
const chat = () => call(gateway.url, '/v1/chat/completions', { key, body: { model: 'gpt', messages } })

/** As every worker sees it: each connection may reach another one. */
async function statesOf(name: string): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: 8 }, () => call(gateway.url, root, { key })))
  return answers.map(
    (answer) => answer.json().breakers.find((one: { name: string }) => one.name === name).state,
  )
}

const areAll = (name: string, state: string) =>
  waitUntil(`${name} is ${state} everywhere`, async () =>
    (await statesOf(name)).every((one) => one === state),
  )

it('lists what the gateway stands on, deployments and providers', async () => {
  expect((await call(gateway.url, root, { key })).json()).toMatchObject({
    breakers: [
      { name: 'database', state: 'closed', can_be_moved: false },
      { name: 'deployment:one', state: 'closed', opens_for_seconds: null, can_be_moved: true },
      { name: 'deployment:two', state: 'closed' },
      { name: 'provider:openai', state: 'closed' },
    ],
    ...{ count: 4, is_degraded: false },
  })
})

it('leaves a deployment alone that was opened by hand, until it is closed', async () => {
  expect((await move('deployment:one', 'open', { duration_seconds: 600 })).json()).toEqual({
    ...{ name: 'deployment:one', state: 'open', opens_for_seconds: 600 },
  })
  await areAll('deployment:one', 'open')
  for (let n = 0; n < 6; n++) expect((await chat()).headers['x-litellm-model-id']).toBe('two')
  expect((await call(gateway.url, '/_health/ready')).json()).toMatchObject({ is_degraded: true })
  expect((await move('deployment:one', 'close')).json()).toEqual({ name: 'deployment:one', state: 'closed' })
  await areAll('deployment:one', 'closed')
  await waitUntil('it is called again', async () => (await chat()).headers['x-litellm-model-id'] === 'one')
})

it('takes a whole provider out, and puts it back', async () => {
  await move('provider:openai', 'open')
  await areAll('provider:openai', 'open')
  const refused = await chat()
  expect([refused.status, refused.json().error.code]).toEqual([429, 'no_deployments_available'])
  await move('provider:openai', 'close')
  await areAll('provider:openai', 'closed')
  expect((await chat()).status).toBe(200)
})

it('refuses what is no breaker, what cannot be moved, and who may not', async () => {
  const statuses = await Promise.all([
    move('deployment:none', 'open'),
    move('database', 'close'),
    move('deployment:one', 'open', { duration_seconds: -1 }),
    call(gateway.url, root, { key: (await gateway.createKey({})).key }),
  ])
  expect(statuses.map(({ status }) => status)).toEqual([404, 404, 422, 403])
  const { events } = (
    await call(gateway.url, '/api/v1/routeiq/audit?action=system.breaker.open', { key })
  ).json()
  expect(events[0]).toMatchObject({ resource_type: 'breaker', actor_type: 'admin_key' })
})

it('answers the pages of LiteLLM about the gateway itself', async () => {
  const { key: plain } = await gateway.createKey({})
  const get = async (path: string, by = plain) => call(gateway.url, path, { key: by })
  expect((await get('/test')).json()).toEqual({ route: '/test' })
  const { routes } = (await get('/routes')).json()
  expect(routes).toContainEqual({ path: '/key/generate', methods: ['POST'] })
  expect(routes).toContainEqual({ path: '/credentials', methods: ['GET', 'HEAD', 'POST'] })
  expect((await get('/health/shared-status')).json()).toMatchObject({ shared_health_check_enabled: false })
  expect((await get('/health/services?service=database')).status).toBe(403)
  expect((await get('/health/services?service=database', key)).json()).toMatchObject({ status: 'success' })
  const refused = await get('/health/services?service=langfuse', key)
  expect([refused.status, refused.json().error.message]).toEqual([400, expect.stringContaining('database')])
  expect((await call(gateway.url, '/routes')).status).toBe(401)
})

// A reset reaches every gateway at a Redis, so this one has nobody else's.
const services = await startOwnServices()
afterAll(() => services?.stop())

it.skipIf(services === null)(
  'are closed on every replica when one starts that shall reset them',
  async () => {
    const config = { model_list: [deployment('gpt', upstream.openaiBase, {}, { id: 'one' })] }
    const shared = { REDIS_URL: services?.redisUrl ?? '' }
    const started: Gateway[] = []
    const start = async (env: Record<string, string>) => {
      const replica = await startGateway({ config, env: { ...shared, ...env } })
      started.push(replica)
      return replica
    }
    const stateAt = async ({ url }: Gateway): Promise<string> =>
      (await call(url, root, { key }))
        .json()
        .breakers.find((one: { name: string }) => one.name === 'deployment:one').state
    try {
      const first = await start({})
      await call(first.url, `${root}/deployment%3Aone/open`, { key, body: { duration_seconds: 600 } })
      const second = await start({})
      expect([await stateAt(first), await stateAt(second)]).toEqual(['open', 'closed'])
      await start({ ROUTEIQ_RESILIENCE__RESET_CIRCUIT_BREAKER_STATE_ON_START: 'true' })
      await waitUntil('the first calls it again', async () => (await stateAt(first)) === 'closed')
    } finally {
      await Promise.all(started.map((replica) => replica.stop()))
    }
  },
)
