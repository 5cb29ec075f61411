import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import type { ChatAnswer } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: ['small', 'large'].map((name, index) =>
        deployment(
          name,
          upstream.openaiBase,
          { model: `openai/${name}`, input_cost_per_token: 1e-7, output_cost_per_token: 1e-7 },
          { id: name, quality_score: 0.9 - 0.5 * index },
        ),
      ),
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

interface Asked {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

/** Has the chosen model answer like that; the id of the decision. */
async function ask(answer: ChatAnswer, { path = '/v1/chat/completions', headers, ...body }: Asked = {}) {
  for (const name of ['small', 'large']) upstream.script(name, answerTruly(answer))
  const asked = await call(gateway.url, path, {
    key: masterKey,
    ...(headers === undefined ? {} : { headers }),
    body: { model: 'auto', messages: [{ role: 'user', content: 'which trees are evergreen?' }], ...body },
  })
  expect(asked.status, asked.text).toBe(200)
  return asked.headers['x-routeiq-decision-id'] ?? ''
}

const get = (path: string) => call(gateway.url, path, { key: masterKey })

/** What was seen of the answer, once the decision is kept. */
async function traceOf(decision: string): Promise<{ score: number | null; details: { fault?: string } }> {
  const path = `/api/v1/evidence/routing-traces?decision_id=${decision}`
  let [found] = (await get(path)).json().items
  await waitUntil('the decision is kept', async () => {
    ;[found] = (await get(path)).json().items
    return found !== undefined
  })
  return found
}

const faultOf = async (decision: string) => (await traceOf(decision)).details.fault

const tools = [
  { type: 'function', function: { name: 'plant', parameters: { type: 'object', properties: {} } } },
]
const messages = { path: '/v1/messages', max_tokens: 100 }
const plant = { type: 'object', properties: { tree: { type: 'string' } }, required: ['tree'] }
const described = [{ type: 'function', function: { name: 'plant', parameters: plant } }]
const claude = { ...messages, tools: [{ name: 'plant', input_schema: plant }] }
const asked = {
  response_format: { type: 'json_schema', json_schema: { name: 'plant', schema: plant } },
}
const json = { response_format: { type: 'json_object' } }
const responses = { path: '/v1/responses', messages: undefined, input: 'which trees are evergreen?' }

// First, while nothing is learned: what is learned of a model has a bound.
describe('what such answers teach', () => {
  const estimate = async (): Promise<number> => {
    const body = { query: 'which trees are evergreen?', model: 'auto' }
    const { explain } = (await call(gateway.url, '/router/route', { key: masterKey, body })).json()
    return (
      explain.candidates.find(({ model: name }: { model: string }) => name === 'small').components.online ?? 0
    )
  }

  it('lowers what is expected of the model, without feedback, and counts as a check', async () => {
    const before = await estimate()
    for (let index = 0; index < 8; index++) await ask({ finishReason: 'length' })
    await waitUntil('the estimate has fallen', async () => (await estimate()) < before - 0.02)
    expect((await get('/metrics')).text).toMatch(
      /routeiq_routing_feedback_total\{source="check"[^}]*\} [1-9]/,
    )
  })

  it('is no measure of quality, for nobody counts successes', async () => {
    const overview = (await get('/api/v1/evidence/overview?window=1d')).json()
    expect(overview).toMatchObject({ judged: 0, quality: null })
    expect(overview.requests).toBeGreaterThan(0)
  })

  it('gives way to anybody who knows better, and ranks before a judge', async () => {
    const feedback = async (body: object) =>
      (await call(gateway.url, '/router/feedback', { key: masterKey, body })).json()
    const decision_id = await ask({ finishReason: 'length' })
    expect(await feedback({ decision_id, score: 1, source: 'judge' })).toMatchObject({
      ...{ applied: false, superseded: true },
    })
    expect(await feedback({ decision_id, score: 1, source: 'check' })).toMatchObject({
      ...{ applied: true, duplicate: false },
    })
    expect(await feedback({ decision_id, score: 0.5 })).toMatchObject({ applied: true })
    expect(await traceOf(decision_id)).toMatchObject({ score: 0.5, details: { fault: 'cut_off' } })
  })
})

describe('an answer that anybody can see is wrong', () => {
  it.each<[fault: string, answer: ChatAnswer, body: Asked]>([
    ['cut_off', { finishReason: 'length' }, {}],
    ['cut_off', { finishReason: 'length' }, { stream: true }],
    ['cut_off', { finishReason: 'length' }, messages],
    ['cut_off', { finishReason: 'length' }, { ...messages, stream: true }],
    ['refused', { content: 'I cannot tell you.' }, responses],
    ['empty', { content: ' ' }, {}],
    ['refused', { content: "I'm sorry, but I can't help with that." }, {}],
    ['refused', { finishReason: 'content_filter' }, {}],
    ['not_json', { content: 'Here you are: {}' }, json],
    ['not_json', { content: 'Here you are: {}' }, { ...json, stream: true }],
    ['off_schema', { content: '{"tree": 7}' }, asked],
    ['off_schema', { content: '{"trees": []}' }, { ...asked, stream: true }],
    [
      'off_schema',
      { content: '[]' },
      { ...responses, text: { format: { type: 'json_schema', name: 'plant', schema: plant } } },
    ],
    ['bad_tool_call', { toolCalls: [{ name: 'plant', arguments: '{"tree": ' }] }, { tools }],
    ['bad_tool_call', { toolCalls: [{ name: 'plant', arguments: '{}' }] }, { tools: described }],
    ['bad_tool_call', { toolCalls: [{ name: 'plant', arguments: '{"tree": 7}' }] }, claude],
  ])('is seen to be: %s', async (fault, answer, body) => {
    expect(await faultOf(await ask(answer, body))).toBe(fault)
  })

  it.each<[why: string, answer: ChatAnswer, body: Asked]>([
    ['it is whole', {}, {}],
    ['it is whole', {}, { stream: true }],
    ['nobody refuses', { content: 'I am sorry to hear that your fir is ill.' }, {}],
    ['JSON is JSON', { content: '{"trees": []}' }, json],
    ['nobody asked for JSON', { content: 'Here you are: {}' }, {}],
    ['JSON fits the schema', { content: '{"tree": "fir", "age": 7}' }, asked],
    [
      'arguments fit the tool',
      { toolCalls: [{ name: 'plant', arguments: '{"tree": "fir"}' }] },
      { tools: described },
    ],
    ['arguments fit the tool', { toolCalls: [{ name: 'plant', arguments: '{"tree": "fir"}' }] }, claude],
    ['arguments can be read', { toolCalls: [{ name: 'plant', arguments: '{}' }] }, { tools }],
    ['nothing is learned', { finishReason: 'length' }, { headers: { 'x-routeiq-learn': 'off' } }],
  ])('is not where %s', async (_why, answer, body) => {
    expect(await faultOf(await ask(answer, body))).toBeUndefined()
  })
})
