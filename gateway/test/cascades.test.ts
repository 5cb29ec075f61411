import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { chatCompletion, openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

/** USD for a million tokens. */
const prices = { tiny: 0.1, small: 0.2, large: 100 }
const router = (strategy: string, args: object = {}): object => ({
  models: Object.keys(prices),
  strategy,
  args,
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: Object.entries(prices).map(([name, price]) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: price / 1e6, output_cost_per_token: price / 1e6 },
          { id: name, quality_score: name === 'large' ? 0.95 : 0.6 },
        ),
      ),
      router_settings: { num_retries: 0, cooldown_time: 0 },
      routeiq: {
        routing: {
          routers: {
            agreeing: router('llmrouter-cascade'),
            patient: router('llmrouter-cascade', { latency_budget_ms: 60_000 }),
            hurried: router('llmrouter-cascade', { latency_budget_ms: 0.01 }),
            climbing: router('llmrouter-cost-cascade', {
              mode: 'validity',
              rungs: ['tiny', 'small', 'large'],
            }),
            verifying: router('llmrouter-automix', { small: 'tiny', large: 'large', verifications: 4 }),
            believing: {
              ...router('llmrouter-automix', {
                ...{ small: 'tiny', large: 'large', verifications: 4 },
                // Hardly ever of use; worth the large model; hardly ever again.
                beliefs: [
                  [0.01, 0.05, 0.94],
                  [0.8, 0.1, 0.1],
                  [0.01, 0.99, 0],
                ],
              }),
              lambda: 0.1,
            },
          },
        },
      },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const sum = 'How many apples are left when 12 are shared by 5 people?'
const counts = (): number[] => Object.keys(prices).map((name) => upstream.requestsFor(name).length)
const says = (content: string, finishReason = 'stop') =>
  respond(200, chatCompletion({ content, finishReason }))

function chat(model: string, body: object = {}): Promise<Answer> {
  const messages = [{ role: 'user', content: sum }]
  return call(gateway.url, '/v1/chat/completions', { key: masterKey, body: { model, messages, ...body } })
}

const contentOf = (answer: Answer): string => answer.json().choices[0].message.content

describe('agreement', () => {
  it('keeps the answer two cheap models share, and never asks the dear one', async () => {
    upstream.script('tiny', says('That makes 2. The answer is 2.'))
    upstream.script('small', says('#### 2'))
    const answer = await chat('agreeing')
    expect(contentOf(answer)).toBe('That makes 2. The answer is 2.')
    expect(counts()).toEqual([1, 1, 0])
    expect(answer.headers).toMatchObject({
      'x-routeiq-strategy': 'llmrouter-cascade',
      'x-routeiq-selected-arm': 'tiny',
    })
  })

  it('lets the dear one answer where they differ, and bills all three to whom they belong', async () => {
    upstream.script('tiny', says('The answer is 2.'))
    upstream.script('small', says('The answer is 3.'))
    upstream.script('large', says('The answer is 2, and 2 are left.'))
    const { key } = await gateway.createKey({})
    const answer = await call(gateway.url, '/v1/chat/completions', {
      key,
      body: { model: 'agreeing', messages: [{ role: 'user', content: sum }] },
    })
    expect(contentOf(answer)).toBe('The answer is 2, and 2 are left.')
    expect(counts()).toEqual([1, 1, 1])
    expect(answer.headers['x-routeiq-selected-arm']).toBe('large')
    const path = `/spend/logs?api_key=${key}`
    let rows: { model_id: string; spend: number }[] = []
    await waitUntil('all three calls are in the ledger', async () => {
      rows = (await call(gateway.url, path, { key: masterKey })).json()
      return rows.length === 3
    })
    const spent = Object.fromEntries(rows.map(({ model_id, spend }) => [model_id, spend]))
    for (const [name, price] of Object.entries(prices))
      expect(spent[name]).toBeCloseTo((18 * price) / 1e6, 12)
    expect(Number(answer.headers['x-litellm-response-cost'])).toBeCloseTo((18 * 100.3) / 1e6, 9)
  })

  it('is one decision, which names every call', async () => {
    upstream.script('tiny', says('The answer is 2.'))
    upstream.script('small', says('The answer is 3.'))
    upstream.script('large', says('The answer is 2.'))
    const id = (await chat('agreeing')).headers['x-routeiq-decision-id']
    const path = `/api/v1/evidence/routing-traces?decision_id=${id}`
    const row = await waitUntil('the decision is kept', async () =>
      (await call(gateway.url, path, { key: masterKey })).json().items.at(0),
    )
    expect(row.details.attempts).toHaveLength(3)
    expect(row.details.attempts).toEqual(
      expect.arrayContaining(
        Object.entries(prices).map(([arm, price]) => ({
          ...{ arm, deployment_id: arm, outcome: 'answered', input_tokens: 11, output_tokens: 7 },
          cost_usd: expect.closeTo((18 * price) / 1e6, 12),
        })),
      ),
    )
    expect(row.details.attempts.at(-1)).toMatchObject({ arm: 'large' })
    expect(row.cost_usd).toBeCloseTo((18 * 100.3) / 1e6, 9)
  })

  it('compares structured answers by what they hold', async () => {
    upstream.script('tiny', says('{"a": 1, "b": [2.0000000001]}'))
    upstream.script('small', says('```json\n{"b": [2], "a": 1}\n```'))
    await chat('agreeing', { response_format: { type: 'json_object' } })
    expect(counts()).toEqual([1, 1, 0])
  })

  it('does without one that fails, and keeps a cheap answer when the dear one fails', async () => {
    upstream.script('tiny', respond(500, openaiError('Broken')))
    upstream.script('large', says('The answer is 2.'))
    expect((await chat('agreeing')).headers['x-routeiq-selected-arm']).toBe('large')
    upstream.reset()
    upstream.script('tiny', says('The answer is 2.'))
    upstream.script('small', says('The answer is 3.'))
    upstream.script('large', respond(500, openaiError('Broken')))
    const kept = await chat('agreeing')
    expect([kept.status, contentOf(kept)]).toEqual([200, 'The answer is 2.'])
  })

  it('says so when everyone fails', async () => {
    for (const name of Object.keys(prices)) upstream.script(name, respond(500, openaiError('Broken')))
    const answer = await chat('agreeing')
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(answer.json().error.message).toBeTypeOf('string')
  })
})

describe('validity', () => {
  it.each([
    ['empty', says('')],
    ['cut off', says('The answer', 'length')],
    ['a refusal', says("I'm sorry, but I can't help with that.")],
    ['failed', respond(503, openaiError('Busy'))],
  ])('goes up one rung when an answer is %s', async (_, step) => {
    upstream.script('tiny', step)
    upstream.script('small', says('Two are left.'))
    const answer = await chat('climbing')
    expect(contentOf(answer)).toBe('Two are left.')
    expect(counts()).toEqual([1, 1, 0])
    expect(answer.headers['x-routeiq-selected-arm']).toBe('small')
  })

  it('never calls the same model twice, and ends at the last one', async () => {
    for (const name of Object.keys(prices)) upstream.script(name, says('{"not": json'))
    const answer = await chat('climbing', { response_format: { type: 'json_object' } })
    expect(answer.status).toBe(200)
    expect(counts()).toEqual([1, 1, 1])
  })

  it('holds answers and calls against what their schemas say', async () => {
    const schema = { type: 'object', properties: { apples: { type: 'integer' } }, required: ['apples'] }
    upstream.script('tiny', says('{"apples": "two"}'))
    upstream.script('small', says('{"apples": 2}'))
    const response_format = { type: 'json_schema', json_schema: { name: 'left', schema } }
    expect(contentOf(await chat('climbing', { response_format }))).toBe('{"apples": 2}')
    upstream.reset()
    const calls = (args: string) =>
      respond(200, chatCompletion({ toolCalls: [{ name: 'share', arguments: args }] }))
    upstream.script('tiny', calls('{}'))
    upstream.script('small', calls('{"apples": 12}'))
    const tools = [{ type: 'function', function: { name: 'share', parameters: schema } }]
    const answer = await chat('climbing', { tools })
    expect(answer.headers['x-routeiq-selected-arm']).toBe('small')
    expect(counts()).toEqual([1, 1, 0])
  })

  it('looks at calls of tools', async () => {
    const toolCalls = [{ name: 'look_up', arguments: '{"apples"' }]
    upstream.script('tiny', respond(200, chatCompletion({ toolCalls })))
    upstream.script(
      'small',
      respond(200, chatCompletion({ toolCalls: [{ name: 'look_up', arguments: '{}' }] })),
    )
    const tools = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }]
    const answer = await chat('climbing', { tools })
    expect(answer.json().choices[0].message.tool_calls[0].function.arguments).toBe('{}')
    expect(counts()).toEqual([1, 1, 0])
  })
})

describe('AutoMix', () => {
  it('keeps the small model’s answer when it stands by it', async () => {
    upstream.script('tiny', says('Two are left.'), says('Yes'), says('yes.'), says('No'), says('Yes'))
    const answer = await chat('verifying')
    expect(contentOf(answer)).toBe('Two are left.')
    expect(counts()).toEqual([5, 0, 0])
    const asked = upstream.requestsFor('tiny').at(-1)?.json as { messages: { content: string }[] }
    expect(asked.messages.map(({ content }) => content)).toEqual([
      sum,
      'Two are left.',
      expect.stringContaining('Check your answer'),
    ])
  })

  it('asks the large one when it does not', async () => {
    upstream.script('tiny', says('Three are left.'), says('No'))
    upstream.script('large', says('Two are left.'))
    const answer = await chat('verifying')
    expect(contentOf(answer)).toBe('Two are left.')
    expect(counts()).toEqual([5, 0, 1])
  })
})

describe('AutoMix by beliefs', () => {
  it.each([
    [
      'keeps an answer nobody could better, whatever the model says of it',
      ['No', 'No', 'No', 'No'],
      [5, 0, 0],
    ],
    ['asks the large one where that is likely to help', ['Yes', 'No', 'Yes', 'No'], [5, 0, 1]],
    ['keeps what the model stands by', ['Yes', 'Yes', 'Yes', 'Yes'], [5, 0, 0]],
  ])('%s', async (_, verdicts, called) => {
    upstream.script('tiny', says('Two are left.'), ...verdicts.map((verdict) => says(verdict)))
    upstream.script('large', says('Five are left.'))
    expect((await chat('believing')).status).toBe(200)
    expect(counts()).toEqual(called)
  })
})

describe('what is no case for a cascade', () => {
  it.each([
    ['a stream', { stream: true }],
    ['several choices', { n: 2 }],
  ])('%s is one call', async (_, body) => {
    upstream.script('tiny', answerTruly({ content: '' }))
    const answer = await chat('climbing', body)
    expect(answer.status).toBe(200)
    expect(counts().reduce((sum, count) => sum + count, 0)).toBe(1)
  })

  it('an answer to a tool is, too', async () => {
    const toolCall = { id: 'c1', type: 'function', function: { name: 'look_up', arguments: '{}' } }
    const messages = [
      { role: 'user', content: sum },
      { role: 'assistant', content: null, tool_calls: [toolCall] },
      { role: 'tool', tool_call_id: 'c1', content: '12' },
    ]
    await chat('climbing', { messages })
    expect(counts().reduce((sum, count) => sum + count, 0)).toBe(1)
  })

  it('free text has nothing to agree on: it is checked and not compared', async () => {
    await chat('agreeing', { messages: [{ role: 'user', content: 'Tell me about apples and orchards.' }] })
    expect(counts()).toEqual([1, 0, 0])
  })
})

describe('a budget', () => {
  /** One dear call is estimated at 100 USD a million tokens, all three at 0.3 % more. */
  const dear = (500 * 100) / 1e6

  it('that has no room for all calls together gets one call', async () => {
    const { key } = await gateway.createKey({ max_budget: dear * 1.2 })
    const chatWith = async (max_tokens: number) => {
      upstream.reset()
      upstream.script('tiny', says('The answer is 2.'))
      upstream.script('small', says('The answer is 2.'))
      const messages = [{ role: 'user', content: sum }]
      const body = { model: 'agreeing', messages, max_tokens }
      return call(gateway.url, '/v1/chat/completions', { key, body })
    }
    // Nothing is spent or held before the first of them, and the calls are held together.
    expect((await chatWith(400)).status).toBe(200)
    expect(counts()).toEqual([1, 1, 0])
    expect((await chatWith(597)).status).toBe(200)
    expect(counts().reduce((total, count) => total + count, 0)).toBe(1)
  })

  it('holds nothing once the answer is there', async () => {
    const { key } = await gateway.createKey({ max_budget: dear })
    for (let turn = 0; turn < 4; turn++) {
      upstream.reset()
      upstream.script('tiny', says('The answer is 2.'))
      upstream.script('small', says('The answer is 2.'))
      const messages = [{ role: 'user', content: sum }]
      await call(gateway.url, '/v1/chat/completions', {
        key,
        body: { model: 'agreeing', messages, max_tokens: 400 },
      })
      expect(counts()).toEqual([1, 1, 0])
    }
  })
})

it('is told by a dry run, which calls nobody', async () => {
  const answer = await call(gateway.url, '/router/route', {
    key: masterKey,
    body: { query: sum, model: 'agreeing' },
  })
  expect(answer.json().explain.cascade).toEqual({
    ...{ mode: 'agreement', first: 'tiny', second: 'small', strong: 'large', comparator: 'number' },
  })
  expect(counts()).toEqual([0, 0, 0])
})

it('is one answer to the official client', async () => {
  upstream.script('tiny', says('The answer is 2.'))
  upstream.script('small', says('The answer is 2.'))
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: masterKey, maxRetries: 0 })
  const completion = await client.chat.completions.create({
    model: 'agreeing',
    messages: [{ role: 'user', content: sum }],
  })
  expect(completion.choices[0]?.message.content).toBe('The answer is 2.')
})

describe('a cascade that would take too long', () => {
  const plan = async (model: string) =>
    (await call(gateway.url, '/router/route', { key: masterKey, body: { model, query: sum } })).json()

  it('is one call, once the models were seen to answer', async () => {
    const seen = Object.keys(prices).flatMap((name) => Array.from({ length: 20 }, () => chat(name)))
    await Promise.all(seen)
    upstream.reset()
    await chat('hurried')
    expect(counts().reduce((total, count) => total + count)).toBe(1)
    const { reasons, explain } = await plan('hurried')
    expect(reasons).toEqual(expect.arrayContaining(['cascade_not_applicable', 'cascade_too_slow']))
    expect(explain.cascade).toBeNull()
    expect((await plan('patient')).explain.cascade).toMatchObject({ mode: 'agreement' })
  })
})
