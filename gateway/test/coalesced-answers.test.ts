import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Answer, type CallOptions, call, openRequest } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, hang, held, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const path = '/v1/chat/completions'
let upstream: ScriptedUpstream
let gateway: Gateway
let key = ''

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [deployment('gpt', upstream.openaiBase, { input_cost_per_token: 1e-6 })],
      litellm_settings: { cache: true, num_retries: 0 },
    },
  })
  key = (await gateway.createKey({ user_id: 'ann' })).key
})
beforeEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

let question = 0
const newQuestion = (): object => ({
  model: 'gpt',
  messages: [{ role: 'user', content: `asked at once ${++question}` }],
})
const ask = (body: object, options: CallOptions = {}): Promise<Answer> =>
  call(gateway.url, path, { key, body, ...options })
const cacheOf = ({ headers }: Answer): string =>
  `${headers['x-routeiq-cache']} ${headers['x-routeiq-cache-tier']}`

/** How many requests are under way in the gateway. */
const activeRequests = async (): Promise<number> =>
  (await call(gateway.url, '/_health/ready')).json().checks.drain_status.active_requests
const upstreamHas = (count: number): Promise<unknown> =>
  waitUntil('the upstream has the calls', () => upstream.requests.length === count)
const gatewayHas = (count: number): Promise<unknown> =>
  waitUntil('the gateway has the requests', async () => (await activeRequests()) === count)

it('equal requests at the same time are one call, billed once', async () => {
  const { step, release } = held(answerTruly())
  upstream.script('gpt', step)
  const body = newQuestion()
  const leader = ask(body)
  await upstreamHas(1)
  const followers = [1, 2, 3].map(() => ask({ ...body, user: 'somebody else' }))
  await gatewayHas(4)
  release()
  const answers = await Promise.all([leader, ...followers])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(answers.map(cacheOf)).toEqual(['MISS undefined', ...Array(3).fill('HIT coalesced')])
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(answers.slice(1).map(({ headers }) => headers['x-litellm-response-cost'])).toEqual(['0', '0', '0'])
  expect(upstream.requests).toHaveLength(1)
  const stats = await call(gateway.url, '/admin/cache/stats', { key: masterKey })
  expect(stats.json().hits.coalesced).toBe(3)
  const id = answers[1]?.headers['x-request-id']
  const row = await waitUntil('the row is there', async () => {
    const rows = await call(gateway.url, `/spend/logs?request_id=${id}`, { key: masterKey })
    return rows.json()[0]
  })
  expect(row).toMatchObject({ cache_hit: 'True', spend: 0, status: 'success' })
})

it('those of others, of other questions and streams wait for nobody', async () => {
  const { step, release } = held(answerTruly())
  upstream.script('gpt', step)
  const body = newQuestion()
  const other = (await gateway.createKey({ user_id: 'bob' })).key
  const asked = [
    ...[ask(body), ask(body, { key: other }), ask(newQuestion())],
    ...[ask({ ...body, stream: true }), ask({ ...body, cache: { 'no-cache': true } })],
  ]
  await upstreamHas(5)
  release()
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(5).fill(200))
})

it.each([
  ['fails', respond(400, openaiError('No')), 400],
  ['is cut off', answerTruly({ finishReason: 'length' }), 200],
])('an answer that %s is for nobody else', async (_, first, status) => {
  const { step, release } = held(first)
  upstream.script('gpt', step, answerTruly({ content: 'of its own' }))
  const body = newQuestion()
  const leader = ask(body)
  await upstreamHas(1)
  const followers = [ask(body), ask(body)]
  await gatewayHas(3)
  release()
  expect((await leader).status).toBe(status)
  for (const answer of await Promise.all(followers)) {
    expect([answer.status, cacheOf(answer)]).toEqual([200, 'MISS undefined'])
    expect(answer.text).toContain('of its own')
  }
  expect(upstream.requests).toHaveLength(3)
})

it('when the client of the call leaves, one of those who wait makes the call', async () => {
  const { step, release } = held(answerTruly())
  upstream.script('gpt', hang(), step)
  const body = newQuestion()
  const leaving = openRequest(gateway.url, path, { key, body })
  leaving.on('error', () => {})
  await upstreamHas(1)
  const followers = [ask(body), ask(body)]
  const leavingToo = openRequest(gateway.url, path, { key, body })
  leavingToo.on('error', () => {})
  await gatewayHas(4)
  leavingToo.destroy()
  await gatewayHas(3)
  leaving.destroy()
  await upstreamHas(2)
  await gatewayHas(2)
  release()
  const answers = await Promise.all(followers)
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(answers.map(cacheOf).sort()).toEqual(['HIT coalesced', 'MISS undefined'])
  expect(upstream.requests).toHaveLength(2)
})

it('whoever has little time goes on alone', async () => {
  const { step, release } = held(answerTruly())
  upstream.script('gpt', step, answerTruly({ content: 'in time' }))
  const body = newQuestion()
  const leader = ask(body)
  await upstreamHas(1)
  const hurried = await ask({ ...body, timeout: 4 })
  expect([hurried.status, cacheOf(hurried)]).toEqual([200, 'MISS undefined'])
  expect(hurried.text).toContain('in time')
  release()
  expect((await leader).status).toBe(200)
})
