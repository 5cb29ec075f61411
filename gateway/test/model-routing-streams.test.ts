import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { controlledStream } from './harness/controlled-step.ts'
import { deployment } from './harness/deployments.ts'
import { chatChunks, formatOpenaiStream, openaiError } from './harness/openai-wire.ts'
import { dataOf, openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, cutAfter, respond, respondStream } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

/** USD for a million tokens. */
const prices = { tiny: 0.1, small: 0.2, large: 100 }
const sum = 'How many apples are left when 12 are shared by 5 people?'

const router = (strategy: string, args: object): object => ({
  models: Object.keys(prices),
  strategy,
  args: { buffer_stream: true, ...args },
})

const config = (settings: object = {}): object => ({
  model_list: Object.entries(prices).map(([name, price]) =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: price / 1e6, output_cost_per_token: price / 1e6 },
      { id: name, quality_score: name === 'large' ? 0.95 : 0.6 },
    ),
  ),
  litellm_settings: settings,
  router_settings: { num_retries: 0, cooldown_time: 0 },
  routeiq: {
    cost_cascade: { enabled: true, buffer_stream: true },
    routing: {
      routers: {
        agreeing: router('llmrouter-cascade', {}),
        climbing: router('llmrouter-cascade', { mode: 'validity', rungs: ['tiny', 'small', 'large'] }),
        verifying: router('llmrouter-automix', { small: 'tiny', large: 'large', verifications: 2 }),
      },
    },
  },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: config() })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const counts = (): number[] => Object.keys(prices).map((name) => upstream.requestsFor(name).length)
const says = (content: string, finishReason = 'stop') => answerTruly({ content, finishReason })

function chat(model: string, members: object = {}, key = masterKey): Promise<Answer> {
  const messages = [{ role: 'user', content: sum }]
  const body = { model, messages, stream: true, ...members }
  return call(gateway.url, '/v1/chat/completions', { key, body })
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[]
}

/** What the client has read, to the end of the stream. */
function wordsOf({ text }: Answer): string {
  const events = dataOf(text)
  expect(events.at(-1)).toBe('[DONE]')
  return events
    .flatMap((event) => (event === '[DONE]' ? [] : (event as Chunk).choices))
    .map(({ delta }) => delta.content ?? '')
    .join('')
}

it('streams the answer two cheap models share', async () => {
  upstream.script('tiny', says('That makes 2. The answer is 2.'))
  upstream.script('small', says('#### 2'))
  const answer = await chat('agreeing')
  expect(answer.headers).toMatchObject({
    'content-type': expect.stringContaining('text/event-stream'),
    'x-routeiq-selected-arm': 'tiny',
  })
  expect(wordsOf(answer)).toBe('That makes 2. The answer is 2.')
  expect(counts()).toEqual([1, 1, 0])
})

it('streams the dear one where they differ, and bills all three', async () => {
  upstream.script('tiny', says('The answer is 2.'))
  upstream.script('small', says('The answer is 3.'))
  upstream.script('large', says('The answer is 2, and 2 are left.'))
  const { key } = await gateway.createKey({})
  const answer = await chat('agreeing', {}, key)
  expect(wordsOf(answer)).toBe('The answer is 2, and 2 are left.')
  expect(answer.headers['x-routeiq-selected-arm']).toBe('large')
  const rows = await waitUntil('all three calls are in the ledger', async () => {
    const found = (await call(gateway.url, `/spend/logs?api_key=${key}`, { key: masterKey })).json()
    return found.length === 3 ? (found as { model_id: string; spend: number }[]) : null
  })
  expect(rows.map(({ model_id }) => model_id).sort()).toEqual(['large', 'small', 'tiny'])
  for (const { spend } of rows) expect(spend).toBeGreaterThan(0)
})

describe('goes up one rung when a stream', () => {
  const begun = formatOpenaiStream(chatChunks({ content: 'Two are' }).slice(0, 1))
  const unsure = formatOpenaiStream(
    chatChunks({ content: 'Three.' }).map((chunk) => {
      const { choices } = chunk as { choices: object[] }
      const logprobs = { content: [{ token: 'Three.', logprob: -3 }] }
      return { ...chunk, choices: choices.map((choice) => ({ ...choice, logprobs })) }
    }),
  )
  it.each([
    ['says nothing', says('')],
    ['is cut off by its length', says('Two', 'length')],
    ['breaks off', cutAfter(begun)],
    ['is not sure', respondStream(unsure)],
    ['fails to begin', respond(503, openaiError('Busy'))],
  ])('%s', async (_, step) => {
    upstream.script('tiny', step)
    upstream.script('small', says('Two are left.'))
    expect(wordsOf(await chat('climbing'))).toBe('Two are left.')
    expect(counts()).toEqual([1, 1, 0])
  })
})

it('keeps a cheap answer when the dear one fails', async () => {
  upstream.script('tiny', says('The answer is 2.'))
  upstream.script('small', says('The answer is 3.'))
  upstream.script('large', respond(500, openaiError('Broken')))
  expect(wordsOf(await chat('agreeing'))).toBe('The answer is 2.')
})

it('has a model judge its own stream', async () => {
  upstream.script('tiny', says('Three are left.'), says('No'))
  upstream.script('large', says('Two are left.'))
  expect(wordsOf(await chat('verifying'))).toBe('Two are left.')
  expect(counts()).toEqual([3, 0, 1])
})

it('does so in other dialects, and for `auto` where `cost_cascade` says so', async () => {
  upstream.script('tiny', says(''))
  upstream.script('large', says('Two are left.'))
  const body = { model: 'auto', max_tokens: 50, stream: true }
  const messages = [{ role: 'user', content: 'Tell me about apples and orchards.' }]
  const answer = await call(gateway.url, '/v1/messages', { key: masterKey, body: { ...body, messages } })
  expect(answer.text).toContain('event: message_stop')
  expect(answer.headers['x-routeiq-selected-arm']).not.toBe('tiny')
  expect(counts()[0]).toBe(1)
  expect(counts().reduce((total, count) => total + count, 0)).toBeGreaterThan(1)
})

it('leaves streams alone whose answers are kept for later turns', async () => {
  const asked = { model: 'agreeing', input: sum, stream: true }
  const respondTo = (members: object): Promise<Answer> =>
    call(gateway.url, '/v1/responses', { key: masterKey, body: { ...asked, ...members } })
  await respondTo({})
  expect(counts().reduce((total, count) => total + count, 0)).toBe(1)
  upstream.reset()
  upstream.script('tiny', says('The answer is 2.'))
  upstream.script('small', says('The answer is 2.'))
  expect((await respondTo({ store: false })).text).toContain('response.completed')
  expect(counts()).toEqual([1, 1, 0])
})

it('finds what is wrong with the answer that flowed', async () => {
  upstream.script('tiny', says('The answer is 2.'))
  upstream.script('small', says('The answer is 3.'))
  upstream.script('large', says('The answer', 'length'))
  const id = (await chat('agreeing')).headers['x-routeiq-decision-id']
  const path = `/api/v1/evidence/routing-traces?decision_id=${id}`
  const row = await waitUntil('the decision is kept', async () =>
    (await call(gateway.url, path, { key: masterKey })).json().items.at(0),
  )
  expect(row.details.fault).toBe('cut_off')
  expect(row.details.attempts.at(-1)).toMatchObject({ arm: 'large' })
})

it('keeps a client in touch that waits, and sends it nothing of an answer that is not kept', async () => {
  await gateway.reload(config({ sse_keepalive_ping_interval_seconds: 0.05 }))
  const held = controlledStream()
  upstream.script('tiny', held.step)
  upstream.script('large', says('Two are left.'))
  upstream.script('small', says(''))
  const stream = await openStream(gateway.url, '/v1/chat/completions', {
    key: masterKey,
    body: {
      ...{ model: 'climbing', stream: true, response_format: { type: 'json_object' } },
      messages: [{ role: 'user', content: sum }],
    },
  })
  await waitUntil('it is kept in touch', () => stream.text().split(': ping\n\n').length > 3)
  expect(stream.text()).not.toContain('data:')
  // Nobody knows yet who answers.
  expect(stream.response.headers).not.toHaveProperty('x-routeiq-selected-arm')
  expect(stream.response.headers).toHaveProperty('x-routeiq-decision-id')
  held.finish()
  const text = await stream.end
  expect(text).toContain('"Two "')
  expect(text).not.toContain('upstream.')
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
  expect(counts()).toEqual([1, 1, 1])
})
