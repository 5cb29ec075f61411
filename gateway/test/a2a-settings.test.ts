import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { dataOf, openStream } from './harness/read-stream.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

// biome-ignore lint/suspicious/noExplicitAny: events of two versions, whose shape the tests then assert
type Event = any

let gateway: Gateway
let current: ScriptedAgent
let old: ScriptedAgent
let silent: ScriptedAgent
let alice: IssuedKey

const card: Record<string, unknown> = {}

/** `more` is of `routeiq.a2a`. */
const configOf = (more: object = {}) => ({
  agent_list: [
    { agent_name: 'current', url: current.url, rpm_limit: 1_000 },
    { agent_name: 'old', url: old.url, rpm_limit: 1_000, litellm_params: { card_default: 'hybrid' } },
    { agent_name: 'silent', url: silent.url, rpm_limit: 1_000 },
    { agent_name: 'standard', url: current.url },
  ],
  routeiq: { a2a: { card_default: '1.0', root_agent: 'current', max_stream_seconds: 1, ...more } },
})

beforeAll(async () => {
  current = await startScriptedAgent('1.0', card)
  const url = `${current.url}/rpc`
  card['supportedInterfaces'] = [
    { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: 'acme-of-the-agent' },
  ]
  old = await startScriptedAgent('0.3')
  silent = await startScriptedAgent('1.0', { capabilities: { streaming: false } })
  gateway = await startGateway({
    config: configOf(),
    env: {
      A2A_TASK_TTL_SECONDS: '2',
      ROUTEIQ_A2A__TASK_STORE_MAX_TASKS: '4',
      A2A_TASK_RATE_LIMIT: '3',
      ROUTEIQ_A2A__TASK_SCOPE: 'team',
    },
  })
  alice = await gateway.createKey({ user_id: 'alice' })
})
afterAll(async () => {
  await gateway?.stop()
  await Promise.all([current, old, silent].map((agent) => agent?.close()))
})

const message = (messageId: string, more: object = {}) => ({
  ...{ messageId, role: 'ROLE_USER', parts: [{ text: 'Hi' }], ...more },
})
const bodyOf = (method: string, params: object) => ({ jsonrpc: '2.0', id: 1, method, params })

const rpc = (
  agent: string,
  method: string,
  params: object,
  { key = alice.key, headers = {} }: { key?: string; headers?: Record<string, string> } = {},
): Promise<Answer> => call(gateway.url, `/a2a/${agent}`, { key, headers, body: bodyOf(method, params) })

const begin = async (agent: string, messageId: string, key = alice.key): Promise<string> =>
  (await rpc(agent, 'SendMessage', { message: message(messageId) }, { key })).json().result.task.id

const codeOf = async (agent: string, id: string, key = alice.key): Promise<number | undefined> =>
  (await rpc(agent, 'GetTask', { id }, { key })).json().error?.code

describe('what is remembered of tasks', () => {
  it('ends some time after their last news, however often they are looked at', async () => {
    const id = await begin('current', 'ask-ttl')
    expect(await codeOf('current', id)).toBeUndefined()
    await waitUntil('it is forgotten', async () => (await codeOf('current', id)) === -32001)
  })

  it('is of so many at most, and of ended ones first no more', async () => {
    const ended = await begin('current', 'work-many')
    for (const number of [1, 2, 3, 4]) await begin('current', `ask-many-${number}`)
    await waitUntil('it is forgotten', async () => (await codeOf('current', ended)) === -32001)
  })

  it('is for the whole team where that is wanted', async () => {
    const members = [
      await gateway.createKey({ team_id: 'blue' }),
      await gateway.createKey({ team_id: 'blue' }),
    ]
    const stranger = await gateway.createKey({ team_id: 'red' })
    const id = await begin('current', 'ask-team', members[0]?.key)
    expect(await codeOf('current', id, members[1]?.key)).toBeUndefined()
    expect(await codeOf('current', id, stranger.key)).toBe(-32001)
  })

  it('is given up when the agent does not know the task any more', async () => {
    const id = await begin('silent', 'ask-lost')
    silent.forgetTasks()
    expect(await codeOf('silent', id)).toBe(-32001)
    const asked = silent.requests.length
    expect(await codeOf('silent', id)).toBe(-32001)
    expect(silent.requests).toHaveLength(asked)
  })
})

it('an agent without a limit of its own begins so many tasks a minute', async () => {
  const answers: Answer[] = []
  for (const number of [1, 2, 3, 4, 5, 6, 7])
    answers.push(await rpc('standard', 'SendMessage', { message: message(`work-rate-${number}`) }))
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThanOrEqual(1)
  expect([refused[0]?.json().error.data[0], refused[0]?.headers['retry-after']]).toEqual([
    expect.objectContaining({ reason: 'RATE_LIMITED', metadata: { legacyCode: '-32003' } }),
    expect.stringMatching(/^\d+$/),
  ])
})

describe('cards', () => {
  it('come in the form of the gateway, or that of their agent, and the root may be one of them', async () => {
    const read = async (path: string) => (await call(gateway.url, path, { key: alice.key })).json()
    const ofCurrent = await read('/a2a/agents/current/card')
    expect([ofCurrent.url, ofCurrent.supportedInterfaces[0].protocolVersion]).toEqual([undefined, '1.0'])
    expect(await read('/a2a/agents/old/card')).toHaveProperty('url')
    expect(await read('/.well-known/agent-card.json')).toMatchObject({ name: 'current' })
    expect(JSON.stringify(ofCurrent)).not.toContain('acme-of-the-agent')
  })
})

describe('calls', () => {
  it('bring the agent its tenant and the extensions of the client, and the client those of the agent', async () => {
    const headers = { 'a2a-extensions': 'https://example.org/ext/1' }
    const answer = await rpc('current', 'SendMessage', { message: message('work-ext') }, { headers })
    const sent = current.requests.at(-1)
    expect([sent?.body.params.tenant, sent?.headers['a2a-extensions']]).toEqual([
      'acme-of-the-agent',
      'https://example.org/ext/1',
    ])
    expect(answer.headers['a2a-extensions']).toBe('https://example.org/ext/1')
  })

  it('may have the names of before 0.3', async () => {
    const old = {
      kind: 'message',
      messageId: 'work-alias',
      role: 'user',
      parts: [{ kind: 'text', text: 'x' }],
    }
    expect((await rpc('current', 'tasks/send', { message: old })).json().result.kind).toBe('task')
    const streamed = await rpc('current', 'tasks/sendSubscribe', { message: old })
    expect(streamed.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
  })

  it('become streams for clients that take nothing else', async () => {
    const headers = { accept: 'text/event-stream' }
    const answer = await rpc('current', 'SendMessage', { message: message('work-accept') }, { headers })
    expect([answer.headers['content-type'], dataOf(answer.text)]).toEqual([
      'text/event-stream',
      expect.objectContaining({ length: 4 }),
    ])
  })

  it('count what is lost between versions', async () => {
    await rpc('old', 'SendMessage', { message: message('work-drop', { novelty: 'x'.repeat(20_000) }) })
    expect(JSON.stringify(old.requests.at(-1)?.body)).not.toContain('xxx')
    const { text } = await call(gateway.url, '/metrics', { key: gateway.masterKey })
    expect(text).toMatch(/^gateway_a2a_translation_drops_total\{direction="down"\} [1-9]/m)
  })
})

describe('streams', () => {
  it('end when they have lasted as long as they may', async () => {
    const params = { message: message('long-stream') }
    const body = bodyOf('SendStreamingMessage', params)
    const stream = await openStream(gateway.url, '/a2a/current', { key: alice.key, body })
    const events = dataOf(await stream.end) as Event[]
    expect(events.at(-1)).toMatchObject({ error: { code: -32603, data: [{ reason: 'UPSTREAM_TIMEOUT' }] } })
  })

  it('of agents that do not stream are refused, or made of their answer where that is wanted', async () => {
    const params = { message: message('work-silent') }
    const refused = await rpc('silent', 'SendStreamingMessage', params)
    expect([refused.headers['content-type'], refused.json().error.code]).toEqual(['application/json', -32004])
    await gateway.reload(configOf({ synthesise_streams: true }))
    const made = dataOf((await rpc('silent', 'SendStreamingMessage', params)).text) as Event[]
    expect(made.map(({ result }) => result.task.status.state)).toEqual(['TASK_STATE_COMPLETED'])
  })
})
