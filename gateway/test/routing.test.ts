import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { answerTruly, hang, respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const broken = respond(500, openaiError('Broken'))
const limited = respond(429, openaiError('Slow down'))
const tooLong = respond(400, openaiError('Too long', 'invalid_request_error', 'context_length_exceeded'))
const filtered = respond(400, openaiError('Rejected', 'invalid_request_error', 'content_filter'))

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const base = upstream.openaiBase
  const single = (name: string, params: object = {}): object => deployment(name, base, { ...params })
  const member = (group: string, letter: string, params: object = {}): object =>
    deployment(group, base, { model: `openai/${group}-${letter}`, ...params }, { id: `${group}-${letter}` })
  const pair = (group: string, params: object = {}): object[] =>
    ['a', 'b'].map((x) => member(group, x, params))
  gateway = await startGateway({
    config: {
      model_list: [
        ...['one', 'two', 'many', 'bound', 'refused', 'asked', 'pinned'].flatMap((name) => pair(name)),
        ...pair('slow', { timeout: 0.2 }),
        member('ordered', 'a', { order: 1 }),
        member('ordered', 'b', { order: 2 }),
        member('weighted', 'a', { weight: 0 }),
        member('weighted', 'b', { weight: 1 }),
        ...['main', 'backup', 'large', 'lenient', 'last', 'lonely', 'patient'].map((name) => single(name)),
        ...Array.from({ length: 8 }, (_, index) => single(`chain-${index}`)),
        single('vendor/*', { model: 'openai/up-*' }),
        single('vendor/special-*', { model: 'openai/special-*' }),
        single('merged', { temperature: 0.3, top_p: 0.5 }),
        single('priced', { input_cost_per_token: 0.001, output_cost_per_token: 0.002, cooldown_time: 1 }),
      ],
      router_settings: {
        num_retries: 2,
        fallbacks: [
          { main: ['backup'] },
          { 'chain-0': [1, 2, 3, 4, 5, 6, 7].map((index) => `chain-${index}`) },
        ],
        context_window_fallbacks: [{ main: ['large'] }],
        content_policy_fallbacks: [{ main: ['lenient'] }],
        default_fallbacks: ['last'],
        model_group_alias: { nick: 'backup', secret: { model: 'backup', hidden: true } },
      },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

function chat(model: string, extra: object = {}, options: object = {}): Promise<Answer> {
  const body = { model, messages, ...extra }
  return call(gateway.url, '/v1/chat/completions', { key: masterKey, body, ...options })
}

const callsTo = (...models: string[]): number[] => models.map((model) => upstream.requestsFor(model).length)
const noFallbacks = { disable_fallbacks: true }

function breakBoth(group: string, step = broken): void {
  upstream.script(`${group}-a`, step)
  upstream.script(`${group}-b`, step)
}

describe('retries', () => {
  it('go to the other deployment', async () => {
    upstream.script('one-a', broken)
    for (let request = 0; request < 6; request++) {
      const answer = await chat('one', noFallbacks)
      expect(answer.status).toBe(200)
      expect(answer.headers['x-litellm-model-id']).toBe('one-b')
      expect(['0', '1']).toContain(answer.headers['x-litellm-attempted-retries'])
    }
    expect(upstream.requestsFor('one-b')).toHaveLength(6)
  })

  it.each([false, true])(
    'send a large body whole to each deployment, by its name, stream %s',
    async (stream) => {
      const long = [{ role: 'user', content: 'In full — '.repeat(10_000) }]
      upstream.script('two-a', broken)
      upstream.script('two-b', broken)
      await chat('two', { ...noFallbacks, messages: long, stream, seed: 7 })
      const names = new Set(upstream.requests.map(({ model }) => model))
      expect(names).toEqual(new Set(['two-a', 'two-b']))
      const usage = stream ? { stream_options: { include_usage: true } } : {}
      for (const { json, model } of upstream.requests)
        expect(json).toEqual({ model, messages: long, stream, seed: 7, ...usage })
    },
  )

  it('are as many as configured', async () => {
    breakBoth('two')
    const answer = await chat('two', noFallbacks)
    expectError(answer, { status: 500, type: 'internal_server_error', code: '500', origin: 'upstream' })
    expect(upstream.requests).toHaveLength(3)
    expect(answer.headers['x-litellm-attempted-retries']).toBe('2')
  })

  it('are as many as the request asks for, by body or header', async () => {
    breakBoth('many')
    await chat('many', { ...noFallbacks, num_retries: 0 })
    expect(upstream.requests).toHaveLength(1)
    await chat('many', noFallbacks, { headers: { 'x-litellm-num-retries': '1' } })
    expect(upstream.requests).toHaveLength(3)
  })

  it('never make more than eight attempts', async () => {
    breakBoth('bound')
    await chat('bound', { ...noFallbacks, num_retries: 50 })
    expect(upstream.requests).toHaveLength(8)
  })

  it('wait as long as a provider asks when there is no other', async () => {
    upstream.script('patient', respond(429, openaiError('Wait'), { 'retry-after': '1' }), answerTruly())
    expect((await chat('patient', noFallbacks)).status).toBe(200)
    expect(upstream.requests).toHaveLength(2)
  })

  it('do not follow a bad request', async () => {
    upstream.script('lonely', respond(400, openaiError('No such parameter')))
    expect((await chat('lonely')).status).toBe(400)
    expect(upstream.requests).toHaveLength(1)
  })

  it('follow a refused credential only elsewhere', async () => {
    upstream.script('lonely', respond(401, openaiError('Wrong key')))
    expect((await chat('lonely', noFallbacks)).status).toBe(401)
    expect(upstream.requests).toHaveLength(1)
    breakBoth('refused', respond(401, openaiError('Wrong key')))
    expect((await chat('refused', noFallbacks)).status).toBe(401)
    expect(callsTo('refused-a', 'refused-b')).toEqual([1, 1])
  })

  it('follow a timeout once', async () => {
    breakBoth('slow', hang())
    expect((await chat('slow', noFallbacks)).status).toBe(408)
    expect(callsTo('slow-a', 'slow-b')).toEqual([1, 1])
  })

  it('happen for streams until the first event', async () => {
    const error = `data: ${JSON.stringify(openaiError('Broken', 'server_error'))}\n\n`
    breakBoth('asked', respond(200, error, { 'content-type': 'text/event-stream' }))
    upstream.script('asked-b', answerTruly())
    upstream.script('asked-a', respond(200, error, { 'content-type': 'text/event-stream' }))
    const answer = await chat('asked', { stream: true, ...noFallbacks })
    expect(answer.status).toBe(200)
    expect(answer.headers['x-litellm-model-id']).toBe('asked-b')
  })
})

describe('the choice within a group', () => {
  it('takes the lowest order first and the next one when it fails', async () => {
    expect((await chat('ordered')).headers['x-litellm-model-id']).toBe('ordered-a')
    upstream.script('ordered-a', broken)
    const answer = await chat('ordered', { num_retries: 0 })
    expect([answer.status, answer.headers['x-litellm-model-id']]).toEqual([200, 'ordered-b'])
  })

  it('never takes a weight of 0', async () => {
    await Promise.all(Array.from({ length: 8 }, () => chat('weighted')))
    expect(callsTo('weighted-a', 'weighted-b')).toEqual([0, 8])
  })

  it('is not asked for a deployment named by its id', async () => {
    for (let request = 0; request < 4; request++)
      expect((await chat('pinned-a')).headers['x-litellm-model-id']).toBe('pinned-a')
    upstream.script('pinned-a', broken)
    expect((await chat('pinned-a', { num_retries: 1 })).status).toBe(500)
    expect(callsTo('pinned-a', 'pinned-b', 'last')).toEqual([6, 0, 0])
  })
})

describe('fallbacks', () => {
  it.each([false, true])('answer when a group fails (stream: %s)', async (stream) => {
    upstream.script('main', broken)
    const answer = await chat('main', { num_retries: 0, stream })
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'x-litellm-attempted-fallbacks': '1',
      'x-litellm-model-group': 'backup',
      'x-routeiq-model': 'backup',
    })
    expect(answer.text).toContain('"model":"backup"')
    expect(callsTo('main', 'backup')).toEqual([1, 1])
  })

  it('for a context window and for a content policy have lists of their own', async () => {
    upstream.script('main', tooLong)
    expect((await chat('main')).headers['x-litellm-model-group']).toBe('large')
    upstream.script('main', filtered)
    expect((await chat('main')).headers['x-litellm-model-group']).toBe('lenient')
    expect(callsTo('main', 'backup')).toEqual([2, 0])
  })

  it('of last resort serve groups without a list', async () => {
    upstream.script('lonely', broken)
    expect((await chat('lonely', { num_retries: 0 })).headers['x-litellm-model-group']).toBe('last')
  })

  it('do not follow a bad request', async () => {
    upstream.script('main', respond(400, openaiError('No such parameter')))
    expect((await chat('main')).status).toBe(400)
    expect(callsTo('main', 'backup', 'last')).toEqual([1, 0, 0])
  })

  it('are named when they failed too', async () => {
    upstream.script('main', broken)
    upstream.script('backup', broken)
    upstream.script('last', broken)
    expectError(await chat('main', { num_retries: 0 }), {
      status: 500,
      type: 'internal_server_error',
      code: '500',
      origin: 'upstream',
      message: /Received Model Group=main Available Model Group Fallbacks=\['backup'/,
    })
  })

  it('end after five', async () => {
    for (let index = 0; index < 8; index++) upstream.script(`chain-${index}`, broken)
    const answer = await chat('chain-0', { num_retries: 0 })
    expect(answer.status).toBe(500)
    expect(answer.headers['x-litellm-attempted-fallbacks']).toBe('5')
    expect(upstream.requests).toHaveLength(6)
  })

  it('can be named or forbidden by the request', async () => {
    upstream.script('main', broken)
    const named = await chat('main', { num_retries: 0, fallbacks: ['large'] })
    expect(named.headers['x-litellm-model-group']).toBe('large')
    expect((await chat('main', { num_retries: 0, ...noFallbacks })).status).toBe(500)
  })

  it('may change the request', async () => {
    upstream.script('main', broken)
    const changed = { model: 'large', temperature: 0.1, messages: [{ role: 'user', content: 'Shorter' }] }
    const answer = await chat('main', { num_retries: 0, temperature: 1, fallbacks: [changed] })
    expect(answer.status).toBe(200)
    expect(upstream.requestsFor('large')[0]?.json).toMatchObject({
      temperature: 0.1,
      messages: [{ role: 'user', content: 'Shorter' }],
    })
  })

  it('named by a request must be allowed for its key, those of the configuration need not', async () => {
    const { key } = await gateway.createKey({ models: ['main'] })
    upstream.script('main', broken)
    const configured = await chat('main', { num_retries: 0 }, { key })
    expect(configured.headers['x-litellm-model-group']).toBe('backup')
    expect((await chat('main', { num_retries: 0, fallbacks: ['large'] }, { key })).status).toBe(500)
    expect(callsTo('large')).toEqual([0])
  })

  it('can be tried out without a failing provider', async () => {
    const answer = await chat('main', { mock_testing_fallbacks: true })
    expect([answer.status, answer.headers['x-litellm-model-group']]).toEqual([200, 'backup'])
    expect(callsTo('main', 'backup')).toEqual([0, 1])
  })
})

describe('names', () => {
  it('of an alias', async () => {
    for (const alias of ['nick', 'secret']) {
      const answer = await chat(alias)
      expect([answer.json().model, answer.headers['x-litellm-model-group']]).toEqual([alias, 'backup'])
    }
    const listed = (await call(gateway.url, '/v1/models', { key: masterKey })).json().data
    const ids = listed.map((model: { id: string }) => model.id)
    expect(ids).toContain('nick')
    expect(ids).not.toContain('secret')
  })

  it('that match a wildcard go to the most specific one', async () => {
    expect((await chat('vendor/new-model')).json().model).toBe('vendor/new-model')
    await chat('vendor/special-thing')
    expect(upstream.requests.map((request) => request.model)).toEqual(['up-new-model', 'special-thing'])
  })

  it('that a key renames', async () => {
    const { key } = await gateway.createKey({ aliases: { mine: 'backup' } })
    expect((await chat('mine', {}, { key })).headers['x-litellm-model-group']).toBe('backup')
  })
})

describe('what goes upstream', () => {
  it('are the defaults of the deployment, and the request wins', async () => {
    await chat('merged', { temperature: 0.9 })
    expect(upstream.requests[0]?.json).toMatchObject({ temperature: 0.9, top_p: 0.5 })
  })

  it('is nothing that only the gateway understands', async () => {
    const own = {
      fallbacks: [],
      context_window_fallbacks: [],
      content_policy_fallbacks: [],
      num_retries: 1,
      timeout: 10,
      stream_timeout: 10,
      tags: ['x'],
      cache: { 'no-cache': true },
      guardrails: [],
      disable_fallbacks: true,
      litellm_metadata: { a: 'b' },
      metadata: { team: 'x' },
      routeiq: {},
      custom_llm_provider: 'openai',
      priority: 1,
      api_version: 'v9',
      mock_testing_fallbacks: false,
    }
    expect((await chat('backup', own)).status).toBe(200)
    expect(Object.keys(upstream.requests[0]?.json ?? {}).sort()).toEqual(['messages', 'model'])
  })

  it('is no credential and no address of the caller', async () => {
    for (const [param, value] of [
      ['api_key', 'sk-of-the-caller'],
      ['api_base', 'http://example.invalid'],
    ] as const) {
      const answer = await chat('backup', { [param]: value })
      expectError(answer, { status: 400, type: 'invalid_request_error', code: '400', param })
    }
    expect(upstream.requests).toHaveLength(0)
  })

  it('are no headers of the client but the ones the gateway means', async () => {
    await chat('backup', {}, { headers: { 'x-private': 'p', cookie: 'c=1', 'x-forwarded-for': '1.2.3.4' } })
    const names = Object.keys(upstream.requests[0]?.headers ?? {})
    expect(names).not.toEqual(expect.arrayContaining(['x-private']))
    for (const name of ['x-private', 'cookie', 'x-forwarded-for']) expect(names).not.toContain(name)
  })
})

describe('headers of an answer', () => {
  it('tell what happened', async () => {
    const headers = { 'x-litellm-call-id': 'call-1', 'x-request-id': 'request-1' }
    const answer = await chat('priced', { timeout: 20 }, { headers })
    expect(answer.headers).toMatchObject({
      'x-request-id': 'request-1',
      'x-litellm-call-id': 'call-1',
      'x-litellm-model-group': 'priced',
      'x-litellm-model-api-base': expect.stringContaining(upstream.origin),
      'x-litellm-attempted-retries': '0',
      'x-litellm-attempted-fallbacks': '0',
      'x-litellm-max-fallbacks': '5',
      'x-litellm-timeout': '20',
      'x-litellm-response-cost': '0.025',
      'x-routeiq-model': 'priced',
      'x-routeiq-strategy': 'simple-shuffle',
      'llm_provider-content-type': 'application/json',
    })
    for (const name of ['response-duration-ms', 'overhead-duration-ms', 'version'])
      expect(answer.headers[`x-litellm-${name}`]).toMatch(/^-?\d+(\.\d+)*$/)
    expect(answer.headers['x-routeiq-version']).toBe(answer.headers['x-litellm-version'])
    expect(answer.headers).not.toHaveProperty('llm_provider-connection')
  })

  it('do not tell the cost of a stream', async () => {
    const answer = await chat('priced', { stream: true })
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-litellm-model-group': 'priced',
    })
    expect(answer.headers).not.toHaveProperty('x-litellm-response-cost')
  })

  it('pass on what the provider says, without cookies', async () => {
    const said = { 'x-ratelimit-remaining-requests': '41', 'set-cookie': 'a=b', 'openai-processing-ms': '12' }
    upstream.script('priced', ({ request, response, gone }) => {
      for (const [name, value] of Object.entries(said)) response.setHeader(name, value)
      return answerTruly()({ request, response, gone })
    })
    const answer = await chat('priced')
    expect(answer.headers).toMatchObject({
      'llm_provider-openai-processing-ms': '12',
      'x-ratelimit-remaining-requests': '41',
    })
    expect(JSON.stringify(answer.headers)).not.toContain('a=b')
  })

  it('are there on errors too', async () => {
    upstream.script('lonely', limited)
    const answer = await chat('lonely', { num_retries: 0, ...noFallbacks })
    expect(answer.status).toBe(429)
    expect(answer.headers).toMatchObject({
      'x-litellm-model-group': 'lonely',
      'x-litellm-call-id': answer.headers['x-request-id'],
      'x-routeiq-model': 'lonely',
      'x-litellm-attempted-retries': '0',
    })
  })
})
