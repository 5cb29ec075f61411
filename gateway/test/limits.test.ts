import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call, openRequest } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { hang, hangAfter, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

/** 11 tokens of prompt and 7 of answer cost 0.025 USD. */
const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
const costOfCall = 0.025

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, prices),
        deployment('elastic', upstream.openaiBase),
        deployment('shared', upstream.openaiBase, { rpm: 6 }),
        deployment('shared', upstream.openaiBase, { rpm: 4 }),
        deployment('free', upstream.openaiBase, { input_cost_per_token: 0, output_cost_per_token: 0 }),
      ],
    },
  })
})
beforeEach(() => upstream.reset())

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function chat(key: string, extra: object = {}): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', {
    key,
    body: { model: 'gpt', messages, max_tokens: 7, num_retries: 0, ...extra },
  })
}

const errorOf = (answer: Answer) => answer.json().error

describe('throughput', () => {
  const make = (body: object, path = '/key/generate') => call(gateway.url, path, { key: masterKey, body })
  const promised = { rpm_limit_type: 'guaranteed_throughput', models: ['shared'] }

  it('is promised to keys only as far as the model has it', async () => {
    const first = (await make({ ...promised, rpm_limit: 4 })).json()
    const second = (
      await make({ ...promised, models: ['gpt', 'shared'], model_rpm_limit: { shared: 5 } })
    ).json()
    const third = await make({ ...promised, rpm_limit: 2 })
    expect([third.status, third.json().error]).toMatchObject([
      400,
      { param: 'rpm_limit', message: expect.stringContaining('greater than model RPM limit=10 of shared') },
    ])
    expect((await make({ ...promised, rpm_limit: 1 })).status).toBe(200)
    // Others share what they find, and models that do not say what they have promise anything.
    expect((await make({ models: ['shared'], rpm_limit: 90 })).status).toBe(200)
    expect((await make({ ...promised, models: ['gpt'], rpm_limit: 90 })).status).toBe(200)
    const more = await make({ key: first.key, rpm_limit: 5 }, '/key/update')
    expect(more.status).toBe(400)
    expect((await make({ key: first.key, key_alias: 'same' }, '/key/update')).status).toBe(200)
    expect((await make({ key: first.key, rpm_limit: 2 }, '/key/update')).status).toBe(200)
    expect((await make({ ...promised, rpm_limit: 2 })).status).toBe(200)
    await make({ keys: [second.key] }, '/key/delete')
    const wishes = await Promise.all(Array.from({ length: 4 }, () => make({ ...promised, rpm_limit: 2 })))
    expect(wishes.filter(({ status }) => status === 200)).toHaveLength(2)
    expect((await make({ rpm_limit_type: 'some' })).status).toBe(422)
  })

  it('is promised to keys only as far as their team has it', async () => {
    const { team_id } = (await make({ tpm_limit: 1_000 }, '/team/new')).json()
    expect((await make({ team_id, tpm_limit: 700 })).status).toBe(200)
    const wish = { team_id, tpm_limit_type: 'guaranteed_throughput' }
    const refused = await make({ ...wish, tpm_limit: 301 })
    expect([refused.status, refused.json().error.param]).toEqual([400, 'tpm_limit'])
    expect((await make({ ...wish, tpm_limit: 300 })).status).toBe(200)
  })

  it('goes beyond a dynamic limit until a provider of the model refuses calls', async () => {
    const { key } = await gateway.createKey({ rpm_limit: 1, rpm_limit_type: 'dynamic' })
    const both = await gateway.createKey({ tpm_limit: 20, tpm_limit_type: 'dynamic', rpm_limit: 3 })
    const model = 'elastic'
    for (const remaining of ['0', '0'])
      expect((await chat(key, { model })).headers).toMatchObject({
        'x-ratelimit-limit': '1',
        'x-ratelimit-remaining': remaining,
      })
    for (const _ of [1, 2]) expect((await chat(both.key, { model })).status).toBe(200)
    upstream.script('elastic', respond(429, openaiError('Slow down')))
    expect((await chat(masterKey, { model })).status).toBe(429)
    for (const one of [key, both.key]) {
      const refused = await chat(one, { model })
      expect([refused.status, errorOf(refused).message]).toEqual([
        429,
        expect.stringContaining('Rate limit exceeded'),
      ])
    }
  })
})

describe('requests a minute', () => {
  it('are counted for the key, denied ones are not, and the answer says how many are left', async () => {
    const { key, key_name } = await gateway.createKey({ rpm_limit: 2 })
    const first = await chat(key)
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-litellm-key-rpm-limit': '2',
    })
    expect(Number(first.headers['x-ratelimit-reset'])).toBeGreaterThan(Date.now() / 1_000)
    expect(first.headers['x-ratelimit-reset-requests']).toMatch(/^\d+s$/)
    expect((await chat(key, { stream: true })).headers['x-ratelimit-remaining']).toBe('0')
    for (const _ of [1, 2]) {
      const refused = await chat(key)
      expect(refused.status).toBe(429)
      expect(refused.headers).toMatchObject({
        rate_limit_type: 'requests',
        'x-ratelimit-remaining': '0',
        'retry-after': expect.stringMatching(/^([1-9]|[1-5]\d|60)$/),
        reset_at: expect.stringMatching(/^\d+$/),
      })
      expect(errorOf(refused)).toMatchObject({
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        message: expect.stringContaining(
          `Rate limit exceeded for api_key: ${key_name}. Limit type: requests. Current limit: 2, Remaining: 0. Limit resets at: `,
        ),
      })
      expect(refused.text).not.toContain(key)
    }
  })

  it('may be limited for one model', async () => {
    const { key } = await gateway.createKey({ model_rpm_limit: { gpt: 1 } })
    expect((await chat(key)).headers).toMatchObject({ 'x-litellm-key-remaining-requests-gpt': '0' })
    expect((await chat(key)).status).toBe(429)
    expect((await chat(key, { model: 'free' })).status).toBe(200)
  })
})

describe('tokens a minute', () => {
  it('are reserved before the call and corrected after it', async () => {
    const { key } = await gateway.createKey({ tpm_limit: 110 })
    const first = await chat(key)
    expect(first.status).toBe(200)
    const held = 110 - Number(first.headers['x-ratelimit-remaining-tokens'])
    expect(held).toBeGreaterThan(30)
    const second = await chat(key)
    expect(110 - Number(second.headers['x-ratelimit-remaining-tokens'])).toBe(18 + held)
    const refused = await chat(key, { max_tokens: 100 })
    expect(errorOf(refused).message).toContain('Limit type: tokens. Current limit: 110, Remaining: 74.')
  })
})

describe('requests at a time', () => {
  it('are held while they run and free when the client has gone', async () => {
    const { key } = await gateway.createKey({ max_parallel_requests: 1 })
    upstream.script('gpt', hang())
    const running = openRequest(gateway.url, '/v1/chat/completions', {
      key,
      body: { model: 'gpt', messages },
    })
    running.on('error', () => {})
    await waitUntil('the upstream has it', () => upstream.pendingRequests === 1)
    const refused = await chat(key)
    expect(errorOf(refused).message).toContain('Limit type: max_parallel_requests. Current limit: 1')
    running.destroy()
    await waitUntil('the upstream call is cancelled', () => upstream.pendingRequests === 0)
    upstream.reset()
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(200)
  })
})

describe('a budget', () => {
  it('admits what fits and refuses the rest with the text clients know', async () => {
    const { key } = await gateway.createKey({ max_budget: 0.075, budget_duration: '30d' })
    for (const spent of [0, 1, 2]) {
      const answer = await chat(key)
      expect(answer.status).toBe(200)
      expect(Number(answer.headers['x-litellm-key-spend'])).toBeCloseTo(spent * costOfCall)
      expect(answer.headers['x-litellm-key-max-budget']).toBe('0.075')
    }
    const refused = await chat(key)
    expect(refused.status).toBe(429)
    expect(errorOf(refused)).toMatchObject({
      type: 'budget_exceeded',
      code: 'budget_exceeded',
      message: 'Budget has been exceeded! Current cost: 0.075, Max budget: 0.075',
    })
    expect(refused.headers).toMatchObject({ 'retry-after': '3600', 'x-should-retry': 'false' })
    expect((await chat(key, { model: 'free' })).status).toBe(200)
  })

  it('is never overrun by requests at the same time', async () => {
    const { key } = await gateway.createKey({ max_budget: 10 * costOfCall })
    // Teach the estimate of the prompt nothing: it is above the real one, so that fewer than ten may fit at once.
    const answers: Answer[] = []
    for (let round = 0; round < 12; round += 1)
      answers.push(...(await Promise.all([1, 2, 3, 4].map(() => chat(key)))))
    const admitted = answers.filter(({ status }) => status === 200).length
    expect(admitted).toBe(10)
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true)
  })

  it('gives back what was reserved when the call fails', async () => {
    const { key } = await gateway.createKey({ max_budget: costOfCall })
    upstream.script('gpt', respond(500, openaiError('Broken')))
    for (const _ of [1, 2, 3]) expect((await chat(key)).status).toBe(500)
    upstream.reset()
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(429)
  })

  it('pays for a stream, and for what arrived of one the client left', async () => {
    const { key } = await gateway.createKey({ max_budget: 2 * costOfCall })
    expect((await chat(key, { stream: true })).status).toBe(200)
    upstream.script('gpt', hangAfter('data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'))
    const stream = await openStream(gateway.url, '/v1/chat/completions', {
      key,
      body: { model: 'gpt', messages, stream: true, max_tokens: 7 },
    })
    await waitUntil('the first event is here', () => stream.text().includes('data: '))
    expect((await chat(key)).status).toBe(429)
    stream.leave()
    await waitUntil('the upstream call is cancelled', () => upstream.pendingRequests === 0)
    upstream.reset()
    const after = await chat(key)
    expect(after.status).toBe(429)
    expect(after.json().error.message).toContain('Budget has been exceeded!')
  })

  it('may be for one model of a key', async () => {
    const { key } = await gateway.createKey({
      model_max_budget: { gpt: { budget_limit: costOfCall, time_period: '1d' } },
    })
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key)).status).toBe(429)
    expect((await chat(key, { model: 'free' })).status).toBe(200)
  })

  it('may be one of several, and the first that is exhausted refuses', async () => {
    const { key } = await gateway.createKey({
      budget_limits: [
        { budget_duration: '30d', max_budget: 1 },
        { budget_duration: '1d', max_budget: costOfCall * 2 },
      ],
    })
    expect([(await chat(key)).status, (await chat(key)).status]).toEqual([200, 200])
    const refused = await chat(key)
    expect([refused.status, errorOf(refused).code]).toEqual([429, 'budget_exceeded'])
    expect(errorOf(refused).message).toContain(`Max budget: ${costOfCall * 2}`)
    await call(gateway.url, '/key/update', {
      ...{ key: gateway.masterKey },
      body: { key, budget_limits: [{ budget_duration: '30d', max_budget: 1 }] },
    })
    expect((await chat(key)).status).toBe(200)
  })

  it('is still spent after a restart, and after a kill', async () => {
    const { key } = await gateway.createKey({ max_budget: costOfCall })
    expect((await chat(key)).status).toBe(200)
    await gateway.restart()
    expect((await chat(key)).status).toBe(429)
    const second = await gateway.createKey({ max_budget: costOfCall })
    expect((await chat(second.key)).status).toBe(200)
    await call(gateway.url, '/_health/live')
    await gateway.restart('SIGKILL')
    await waitUntil('the ledger has it', async () => {
      await sleep(200)
      return (await chat(second.key)).status === 429
    })
  })
})

describe('tokens a minute', () => {
  /** 11 tokens of prompt and 7 of answer. */
  it.each([
    ['input', 11],
    ['output', 7],
    ['total', 18],
  ])('count the %s where token_rate_limit_type says so', async (type, counted) => {
    const other = await startGateway({
      config: {
        model_list: [deployment('gpt', upstream.openaiBase, prices)],
        general_settings: { token_rate_limit_type: type },
      },
    })
    try {
      const { key } = await other.createKey({ tpm_limit: 100_000 })
      const ask = async () => {
        const answer = await call(other.url, '/v1/chat/completions', {
          key,
          body: { model: 'gpt', messages, max_tokens: 7 },
        })
        return Number(answer.headers['x-ratelimit-remaining-tokens'])
      }
      // An answer tells what was reserved for it and what those before it came to, once they are booked.
      await waitUntil('a call comes to that', async () => (await ask()) - (await ask()) === counted)
    } finally {
      await other.stop()
    }
  })
})
