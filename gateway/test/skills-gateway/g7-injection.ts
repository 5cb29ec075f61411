import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anthropicMessage } from '../harness/anthropic-wire.ts'
import { askThroughSdk, type SdkAnswer, sdkNames } from '../harness/ask-through-sdk.ts'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { deployment } from '../harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, masterKey as key } from '../harness/start-gateway.ts'
import { answerTruly, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'

const topics = ['refund', 'invoice', 'poem', 'weather']
const question = 'Please handle this refund for me'
let upstream: ScriptedUpstream
let gateway: Gateway

/** Skills that the router knows when this resolves. */
async function createSkills({ url }: Gateway, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const body_markdown = `# ${name}\n\nHow to deal with a ${name}, step by step and in good order, whatever comes.`
    const body = { name, description: `Handles a ${name}.`, body_markdown }
    const created = await call(url, '/api/v1/skills', { key, body })
    expect(created.status, created.text).toBe(200)
  }
  await waitUntil('the menu', async () => {
    const menu = await call(url, '/api/v1/skills/menu', { key })
    return menu.json().skill_count === names.length
  })
}

const headers = { 'x-routeiq-skills': 'auto', 'x-routeiq-skills-agent': 'clerk' }
const models = { gpt: 'gpt-4o', claude: 'claude-sonnet-4-5' } as const
const wanted = { name: 'load_skill', arguments: '{"name":"refund"}' }

function scriptLoad(model: keyof typeof models): void {
  upstream.script(models[model], answerTruly({ toolCalls: [wanted] }), answerTruly({ content: 'Refunded.' }))
}

const cases = sdkNames.flatMap((client) =>
  (['gpt', 'claude'] as const).flatMap((model) => [false, true].map((stream) => ({ client, model, stream }))),
)

/** Skills in requests of any client. */
export function describeInjection(database: ProductDatabase): void {
  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    gateway = await startGatewayOver(database, {
      config: {
        model_list: [
          deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
          deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
          ...['one', 'two', 'three'].map((name) =>
            deployment('several', upstream.openaiBase, { model: `openai/${name}` }),
          ),
          {
            ...deployment('always', upstream.openaiBase, { model: 'openai/always' }),
            model_info: { routeiq_skills: 'menu' },
          },
        ],
        routeiq: { skills: { router: { explore_rate: 0 } } },
      },
    })
    await createSkills(gateway, topics)
  })
  afterAll(async () => {
    await gateway?.stop()
    await upstream?.close()
  })
  beforeEach(() => upstream.reset())

  describe.each(cases)('$client over $model, stream: $stream', ({ client, model, stream }) => {
    const ask = (): Promise<SdkAnswer> =>
      askThroughSdk(client, { url: gateway.url, key, headers }, { model, question, stream })

    it('reads a skill behind the back of the client, and the join is complete without its help', async () => {
      scriptLoad(model)
      const { text, routingId } = await ask()
      expect(text).toBe('Refunded.')
      const [first, second] = upstream.requestsFor(models[model])
      expect(JSON.stringify(first?.json)).toContain('| refund | Handles a refund. |')
      expect(JSON.stringify(first?.json)).toContain('Best matches for this request: refund')
      expect(JSON.stringify(second?.json)).toContain('How to deal with a refund')
      const decision = await waitUntil('the join', async () => {
        const answer = await call(gateway.url, `/api/v1/skills/routing/${routingId}`, { key })
        const found = answer.status === 200 ? answer.json() : null
        return found?.closed === true ? found : null
      })
      expect(decision).toMatchObject({
        agent_name: 'clerk',
        delivered: ['refund'],
        activated: ['refund'],
        offered_not_activated: expect.arrayContaining(['poem']),
      })
      expect(decision.traces).toMatchObject([{ status: 'success' }])
    })

    it('makes no extra call when nothing is read', async () => {
      upstream.script(models[model], answerTruly({ content: 'Hello.' }))
      expect((await ask()).text).toBe('Hello.')
      expect(upstream.requestsFor(models[model])).toHaveLength(1)
    })
  })

  describe('skills of a model entry', () => {
    const ask = (extra: Record<string, string> = {}) =>
      call(gateway.url, '/v1/chat/completions', {
        key,
        headers: extra,
        body: { model: 'always', messages: [{ role: 'user', content: question }] },
      })

    it('are there unasked, and away when the caller says so', async () => {
      const answer = await ask()
      expect(answer.headers).toMatchObject({
        'x-routeiq-skills-mode': 'menu',
        'x-routeiq-skills-offered': 'invoice,poem,refund,weather',
        'x-routeiq-skills-upstream-calls': '1',
      })
      expect(JSON.stringify(upstream.requestsFor('always')[0]?.json)).toContain('## Available Skills')
      const without = await ask({ 'x-routeiq-skills': 'off' })
      expect(without.headers['x-routeiq-skills-mode']).toBeUndefined()
      expect(JSON.stringify(upstream.requestsFor('always')[1]?.json)).not.toContain('## Available Skills')
    })

    it('are refused by name when they are not there', async () => {
      const answer = await ask({ 'x-routeiq-skills': 'refund,nothing' })
      expect([answer.status, answer.json().error.code]).toEqual([404, 'skill_not_found'])
      const malformed = await ask({ 'x-routeiq-skills': 'auto;k=x' })
      expect(malformed.status).toBe(400)
      expect(upstream.requests).toEqual([])
    })
  })

  describe('a turn that goes on with calls of the client', () => {
    it('stays with the deployment it began with', async () => {
      const mine = { name: 'mine', arguments: '{}', id: 'call_1' }
      for (const model of ['one', 'two', 'three']) upstream.script(model, answerTruly({ toolCalls: [mine] }))
      for (let round = 0; round < 6; round++) {
        upstream.requests.length = 0
        const messages: object[] = [{ role: 'user', content: `${question}, number ${round}` }]
        const tools = [{ type: 'function', function: { name: 'mine', parameters: { type: 'object' } } }]
        for (let step = 0; step < 3; step++) {
          const answer = await call(gateway.url, '/v1/chat/completions', {
            key,
            headers,
            body: { model: 'several', messages, tools },
          })
          messages.push(answer.json().choices[0].message, {
            role: 'tool',
            tool_call_id: 'call_1',
            content: 'ok',
          })
        }
        expect(new Set(upstream.requests.map(({ model }) => model)).size).toBe(1)
      }
    })
  })

  describe('a count of tokens', () => {
    it('is that of the prompt with skills, and decides nothing', async () => {
      const body = { model: 'claude', messages: [{ role: 'user', content: question }] }
      const anthropic = { ...headers, 'anthropic-version': '2023-06-01' }
      const answer = await call(gateway.url, '/v1/messages/count_tokens', { key, headers: anthropic, body })
      expect([answer.json(), answer.headers['x-routeiq-token-count']]).toEqual([
        { input_tokens: 11 },
        'native',
      ])
      expect(answer.headers['x-routeiq-skills-mode']).toBe('auto')
      expect(answer.headers['x-routeiq-routing-id']).toBeUndefined()
      const [sent] = upstream.requestsFor('claude-sonnet-4-5')
      expect(Object.keys(sent?.json ?? {}).sort()).toEqual(['messages', 'model', 'system', 'tools'])
      expect(JSON.stringify(sent?.json)).toContain('## Available Skills')
      const count = async (extra: Record<string, string>): Promise<number> => {
        const local = {
          key,
          headers: { 'anthropic-version': '2023-06-01', ...extra },
          body: { ...body, model: 'always' },
        }
        return (await call(gateway.url, '/v1/messages/count_tokens', local)).json().input_tokens
      }
      expect(await count({})).toBeGreaterThan((await count({ 'x-routeiq-skills': 'off' })) + 50)
    })
  })

  it('what a model says before it reads a skill can be held back', async () => {
    const own = await startGatewayOver(database, {
      config: {
        model_list: [deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' })],
        routeiq: { skills: { injection: { preamble: 'hold' } } },
      },
    })
    await createSkills(own, ['refund'])
    const { content, ...rest } = anthropicMessage({ toolCalls: [wanted] })
    const spoken = { ...rest, content: [{ type: 'text', text: 'Let me look that up.' }, ...content] }
    upstream.script('claude-sonnet-4-5', respond(200, spoken), answerTruly({ content: 'Refunded.' }))
    const body = { model: 'claude', max_tokens: 100, messages: [{ role: 'user', content: question }] }
    const answer = await call(own.url, '/v1/messages', { key, headers, body })
    await own.stop()
    expect(answer.json().content).toMatchObject([{ type: 'text', text: 'Refunded.' }])
    expect(JSON.stringify(upstream.requestsFor('claude-sonnet-4-5')[1]?.json)).toContain(
      'Let me look that up.',
    )
  })

  it('every upstream call has a row in the ledger, with one request id', async () => {
    const own = await startGatewayOver(database, {
      config: { model_list: [deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' })] },
    })
    await createSkills(own, ['refund'])
    scriptLoad('gpt')
    const answer = await call(own.url, '/v1/chat/completions', {
      key,
      headers,
      body: { model: 'gpt', messages: [{ role: 'user', content: question }] },
    })
    expect(answer.json().usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 14 })
    expect(answer.headers['x-routeiq-skills-loaded']).toBe('refund')
    const rows = await waitUntil('both are in the ledger', async () => {
      const found = (await call(own.url, '/spend/logs', { key })).json()
      return found.length === 2 ? found : null
    })
    await own.stop()
    const { request_id } = rows[0]
    expect(rows).toMatchObject(Array.from({ length: 2 }, () => ({ request_id, completion_tokens: 7 })))
  })
}
