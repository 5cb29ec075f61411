import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let gateway: Gateway
let agent: ScriptedAgent
let alice: IssuedKey

const agentList = (url: string) => [
  { agent_name: 'thrice', url, litellm_params: { max_iterations: 3 } },
  { agent_name: 'dear', url, litellm_params: { cost_per_query: 0.2, max_budget_per_session: 0.3 } },
  { agent_name: 'slow', url, session_rpm_limit: 1 },
  { agent_name: 'talkative', url, session_tpm_limit: 50 },
  { agent_name: 'counted', url, tpm_limit: 50 },
  { agent_name: 'traced', url, require_trace_id_on_calls_to_agent: true },
  { agent_name: 'grouped', url, access_group_ids: ['lab'] },
]

beforeAll(async () => {
  agent = await startScriptedAgent('1.0')
  gateway = await startGateway({ config: { agent_list: agentList(agent.url) } })
  alice = await gateway.createKey({ user_id: 'alice' })
})
afterAll(async () => {
  await gateway?.stop()
  await agent?.close()
})

const send = (
  name: string,
  { text = 'do: work', key = alice.key, at = gateway, headers = {}, ...more }: SendOptions = {},
): Promise<Answer> =>
  call(at.url, `/a2a/${name}`, {
    ...{ key, headers },
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text }], ...more } },
    },
  })

interface SendOptions {
  readonly text?: string
  readonly key?: string
  readonly at?: Gateway
  readonly headers?: Record<string, string>
  readonly contextId?: string
}

const contextOf = (answer: Answer): string => answer.json().result.task.contextId
const outcomeOf = (answer: Answer): unknown => [answer.status, answer.json().error?.data[0].reason]

describe('limits of a conversation', () => {
  it('hold it to so many messages, of which the one that begins it is one', async () => {
    const contextId = contextOf(await send('thrice'))
    for (const _ of [2, 3]) expect((await send('thrice', { contextId })).status).toBe(200)
    const refused = await send('thrice', { contextId })
    expect(outcomeOf(refused)).toEqual([429, 'RATE_LIMITED'])
    expect(refused.headers['retry-after']).toBeUndefined()
    expect((await send('thrice')).status).toBe(200)
  })

  it('hold it to what it may cost', async () => {
    const contextId = contextOf(await send('dear'))
    expect((await send('dear', { contextId })).status).toBe(200)
    expect(outcomeOf(await send('dear', { contextId }))).toEqual([429, 'BUDGET_EXCEEDED'])
  })

  it('begin anew when the configured time is over', async () => {
    const forgetful = await startGateway({
      config: { agent_list: agentList(agent.url) },
      env: { LITELLM_MAX_ITERATIONS_TTL: '2', LITELLM_MAX_BUDGET_PER_SESSION_TTL: '2' },
    })
    const key = (await forgetful.createKey()).key
    const use = async (name: string): Promise<string> => {
      const contextId = contextOf(await send(name, { key, at: forgetful }))
      for (const _ of [2, 3]) await send(name, { key, at: forgetful, contextId })
      return contextId
    }
    const [thrice, dear] = await Promise.all([use('thrice'), use('dear')])
    const isTaken = async (name: string, contextId: string): Promise<boolean> =>
      (await send(name, { key, at: forgetful, contextId })).status === 200
    await waitUntil('both go on', async () => (await isTaken('thrice', thrice)) && isTaken('dear', dear))
    await forgetful.stop()
  })

  it('hold it to messages and tokens a minute', async () => {
    const slow = contextOf(await send('slow'))
    const refused = [await send('slow', { contextId: slow }), await send('slow', { contextId: slow })]
    expect(refused.map(outcomeOf)).toContainEqual([429, 'RATE_LIMITED'])
    expect(refused[1]?.headers['retry-after']).toMatch(/^\d+$/)
    const contextId = contextOf(await send('talkative', { text: 'do: counted' }))
    const answers = [1, 2].map(() => send('talkative', { contextId }))
    expect((await Promise.all(answers)).map(outcomeOf)).toContainEqual([429, 'RATE_LIMITED'])
  })

  it('hold for the sessions of callers who ask the agent like a model', async () => {
    const complete = () =>
      call(gateway.url, '/chat/completions', {
        key: alice.key,
        headers: { 'x-litellm-session-id': 'long' },
        body: { model: 'a2a/thrice', messages: [{ role: 'user', content: 'do: work' }] },
      })
    for (const _ of [1, 2, 3]) expect((await complete()).status).toBe(200)
    const refused = await complete()
    expect([refused.status, refused.json().error.message]).toEqual([
      429,
      expect.stringContaining('3 messages'),
    ])
  })
})

it('an agent tells what it has cost', async () => {
  const spend = async () =>
    (await call(gateway.url, '/v1/agents/dear', { key: gateway.masterKey })).json().spend
  await waitUntil('it is written', async () => (await spend()) > 0, 30_000)
  expect(await spend()).toBeCloseTo(0.4)
})

it('an agent has tokens a minute, of all callers together', async () => {
  const bob = await gateway.createKey({ user_id: 'bob' })
  await send('counted', { text: 'do: counted' })
  const answers = [await send('counted', { key: bob.key }), await send('counted', { key: bob.key })]
  expect(answers.map(outcomeOf)).toContainEqual([429, 'RATE_LIMITED'])
})

it('an agent may want to know the trace of a call', async () => {
  const refused = await send('traced')
  expect(refused.json().error).toMatchObject({ code: -32600 })
  const headers = { 'x-litellm-trace-id': 'trace-1' }
  expect((await send('traced', { headers })).status).toBe(200)
})

it('a key may use what both its own permissions and those of its team name', async () => {
  const team = await call(gateway.url, '/team/new', {
    key: gateway.masterKey,
    body: { team_alias: 'lab', object_permission: { agents: ['thrice'], agent_access_groups: ['lab'] } },
  })
  const { team_id } = team.json()
  const member = await gateway.createKey({ team_id })
  const narrow = await gateway.createKey({ team_id, object_permission: { agents: ['grouped', 'slow'] } })
  const visible = async ({ key }: IssuedKey) =>
    (await call(gateway.url, '/a2a/agents', { key }))
      .json()
      .agents.map(({ agent_name }: { agent_name: string }) => agent_name)
  expect(await visible(member)).toEqual(['grouped', 'thrice'])
  expect(await visible(narrow)).toEqual(['grouped'])
  expect((await send('slow', { key: narrow.key })).status).toBe(404)
})

const { databaseUrl, redisUrl } = await findTestServices()

it.skipIf(databaseUrl === null || redisUrl === null)(
  'replicas count the messages of a conversation together',
  async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl ?? '' }
    const options = { config: { agent_list: agentList(agent.url) }, env }
    const replicas = [await startGateway(options), await startGateway(options)]
    try {
      const [one, two] = replicas as [Gateway, Gateway]
      const { key } = await one.createKey({ user_id: 'carol' })
      const contextId = contextOf(await send('thrice', { at: one, key }))
      const outcomes: unknown[] = []
      for (const at of [two, one, two]) outcomes.push(outcomeOf(await send('thrice', { at, key, contextId })))
      expect(outcomes).toEqual([
        [200, undefined],
        [200, undefined],
        [429, 'RATE_LIMITED'],
      ])
    } finally {
      for (const replica of replicas) await replica.stop()
      await database.drop()
    }
  },
)
