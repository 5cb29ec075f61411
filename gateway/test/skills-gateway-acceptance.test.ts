import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

// biome-ignore lint/suspicious/noExplicitAny: what is sent to providers is looked at as it is
type Body = any

// Rows of the Skills Gateway's checklist that need a conversation: G8, G9, G11. The others are held where their wires are:
// G1 and G2 `skills-wires`, `skills-hostile-uploads`; G3 and G4 `well-known*`; G5 `conformance`; G6 `container-skills`;
// G7 `skill-injection`; G10 `function-skills`; G12 `skills-tenants`; G13 beside the scan.
const { databaseUrl, redisUrl } = await findTestServices()
const topics = ['refund', 'invoice', 'poem', 'weather']
const headers = { 'x-routeiq-skills': 'auto', 'x-routeiq-skills-agent': 'clerk' }
const load = (name: string) => ({ name: 'load_skill', arguments: JSON.stringify({ name }) })

let upstream: ScriptedUpstream

beforeAll(async () => {
  upstream = await startScriptedUpstream()
})
afterAll(() => upstream?.close())
beforeEach(() => upstream.reset())

const config = () => ({
  model_list: [
    deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
    deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
  ],
  routeiq: { skills: { router: { explore_rate: 0 }, injection: { route_timeout_ms: 5_000 } } },
})

async function createSkills({ url }: Gateway, key: string): Promise<void> {
  const skills = topics.map((name) => ({
    ...{ name, description: `Handles a ${name}.` },
    body_markdown: `# ${name}\n\nHow to deal with a ${name}, step by step and in good order, whatever comes.`,
  }))
  const body = { skills, conflict_policy: 'local_wins' }
  const synced = await call(url, '/api/v1/skills/sync', { key, body })
  expect(synced.json()).toMatchObject({ created: topics.length, failures: 0 })
  await waitUntil('the menu', async () => {
    const menu = await call(url, '/api/v1/skills/menu', { key })
    return menu.json().skill_count === topics.length
  })
}

/** One wire: how a conversation is asked and goes on. */
const wires = {
  gpt: {
    model: 'gpt-4o',
    path: '/v1/chat/completions',
    request: (messages: object[]) => ({ model: 'gpt', messages }),
    answerOf: (body: Body) => body.choices[0].message as object,
    /** What a provider caches: everything in front of the last human message. */
    sent: (body: Body) => body.messages as object[],
    system: () => '',
  },
  claude: {
    model: 'claude-sonnet-4-5',
    path: '/v1/messages',
    request: (messages: object[]) => ({ model: 'claude', max_tokens: 100, messages }),
    answerOf: (body: Body) => ({ role: 'assistant', content: body.content }),
    sent: (body: Body) => body.messages as object[],
    system: (body: Body) => JSON.stringify([body.system, body.tools]),
  },
} as const

describe('G8 the bytes in front of what is new', () => {
  let gateway: Gateway
  let key: string

  beforeAll(async () => {
    gateway = await startGateway({ config: config() })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
    await createSkills(gateway, key)
  })
  afterAll(() => gateway?.stop())

  it.each(['gpt', 'claude'] as const)(
    '%s gets again what it has cached, over a hundred turns and what was read on the way',
    async (name) => {
      const wire = wires[name]
      const messages: object[] = []
      let before: string[] = []
      let system: string | null = null
      for (let turn = 0; turn < 100; turn += 1) {
        const topic = topics[turn % topics.length] ?? ''
        // Every tenth turn the model reads a skill, which the client never sees.
        const reads = turn % 10 === 3
        const said = answerTruly({ content: `Answer ${turn}.` })
        if (reads) upstream.script(wire.model, answerTruly({ toolCalls: [load(topic)] }), said)
        else upstream.script(wire.model, said)
        messages.push({ role: 'user', content: `Question ${turn}: please handle this ${topic}` })
        const first = upstream.requestsFor(wire.model).length
        const answer = await call(gateway.url, wire.path, { key, headers, body: wire.request(messages) })
        expect(answer.status, answer.text).toBe(200)
        expect(answer.text).not.toContain('load_skill')
        messages.push(wire.answerOf(answer.json()))
        for (const request of upstream.requestsFor(wire.model).slice(first)) {
          const sent = wire.sent(request.json).map((message) => JSON.stringify(message))
          expect(sent.slice(0, before.length), `turn ${turn}`).toEqual(before)
          system ??= wire.system(request.json)
          expect(wire.system(request.json)).toBe(system)
          before = sent
        }
      }
      const last = JSON.stringify(wire.sent(upstream.requestsFor(wire.model).at(-1)?.json))
      expect(last.split('How to deal with a').length - 1).toBe(10)
    },
    120_000,
  )
})

describe.skipIf(databaseUrl === null || redisUrl === null)('G9 and G11 two replicas', () => {
  let drop: () => Promise<void>
  let replicas: Gateway[]
  let key: string
  let stranger: string

  beforeAll(async () => {
    const database = await createPostgresDatabase(databaseUrl ?? '')
    drop = database.drop
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl ?? '',
      LITELLM_SALT_KEY: 'a salt of the tests',
    }
    const [first, second] = [
      await startGateway({ config: config(), env }),
      await startGateway({ config: config(), env }),
    ]
    replicas = [first, second]
    key = (await first.createKey({ organization_id: 'acme' })).key
    stranger = (await first.createKey({ organization_id: 'globex' })).key
    await createSkills(first, key)
  })
  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.stop()
    await drop?.()
  })

  const ask = (at: number, messages: object[], asKey = key) =>
    call((replicas[at] as Gateway).url, '/v1/chat/completions', {
      ...{ key: asKey, headers, body: { model: 'gpt', messages } },
    })
  const sentLast = () => JSON.stringify(upstream.requestsFor('gpt-4o').at(-1)?.json)

  it('go on with what the other one hid from the client, for its owner alone, also after a kill', async () => {
    upstream.script(
      'gpt-4o',
      answerTruly({ toolCalls: [load('refund')] }),
      answerTruly({ content: 'Refunded.' }),
    )
    const question = { role: 'user', content: 'Please handle this refund' }
    const first = await ask(0, [question])
    const { message } = first.json().choices[0]
    expect(message.content).toBe('Refunded.')
    const messages = [question, message, { role: 'user', content: 'And what about this refund?' }]
    upstream.script('gpt-4o', answerTruly({ content: 'The same.' }))
    expect((await ask(1, messages)).status).toBe(200)
    expect(sentLast()).toContain('How to deal with a refund')
    expect((await ask(1, messages, stranger)).status).toBe(200)
    expect(sentLast()).not.toContain('How to deal with a refund')
    await replicas[0]?.restart('SIGKILL')
    await waitUntil('the skills are there again', async () => {
      const answer = await ask(0, messages)
      return answer.status === 200 && sentLast().includes('How to deal with a refund')
    })
  })

  it('join what was offered and read, wherever it was asked, with no code of the client', async () => {
    upstream.script('gpt-4o', answerTruly({ toolCalls: [load('poem')] }), answerTruly({ content: 'Verses.' }))
    const answer = await ask(1, [{ role: 'user', content: 'Please handle this poem' }])
    const id = answer.headers['x-routeiq-routing-id']
    const decision = await waitUntil('the join', async () => {
      const found = await call((replicas[0] as Gateway).url, `/api/v1/skills/routing/${id}`, { key })
      return found.status === 200 && found.json().closed === true ? found.json() : null
    })
    expect(decision).toMatchObject({ agent_name: 'clerk', delivered: ['poem'], activated: ['poem'] })
    expect(decision.offered_not_activated.toSorted()).toEqual(['invoice', 'refund', 'weather'])
  })
})
