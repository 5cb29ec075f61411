import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly, held, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

const limited = respond(429, openaiError('Slow down'))
const groups = ['recovers', 'probed', 'cold', 'told', 'failing']

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const pair = (group: string): object[] =>
    ['a', 'b'].map((letter) =>
      deployment(
        group,
        upstream.openaiBase,
        // Long enough for what is asked meanwhile.
        { model: `openai/${group}-${letter}`, ...(group === 'recovers' ? { cooldown_time: 5 } : {}) },
        { id: `${group}-${letter}` },
      ),
    )
  gateway = await startGateway({
    config: {
      model_list: [...groups.flatMap(pair), deployment('alone', upstream.openaiBase, {}, { id: 'alone' })],
      router_settings: { num_retries: 2, cooldown_time: 1 },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

function chat(model: string, extra: object = {}): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { key, body: { model, messages, ...extra } })
}

async function healthOf(id: string): Promise<string> {
  const { models } = (await call(gateway.url, '/_health/models')).json()
  return models.find((model: { model_id: string }) => model.model_id === id).circuit_breaker
}

/** Sends requests until the limited deployment was called and is cooling down. */
async function cool(group: string): Promise<void> {
  upstream.script(`${group}-a`, limited)
  await waitUntil(`${group}-a cools down`, async () => {
    expect((await chat(group)).status).toBe(200)
    return (await healthOf(`${group}-a`)) === 'open'
  })
}

describe('a deployment that asks to slow down', () => {
  it('gets no request for a while, is shown, and recovers', async () => {
    await cool('recovers')
    const before = upstream.requestsFor('recovers-a').length
    const ready = await call(gateway.url, '/_health/ready')
    expect([ready.status, ready.json().status]).toEqual([200, 'degraded'])
    expect(ready.json().checks.circuit_breakers.open_breakers).toContain('deployment:recovers-a')
    await Promise.all(Array.from({ length: 6 }, () => chat('recovers')))
    expect(upstream.requestsFor('recovers-a')).toHaveLength(before)
    upstream.script('recovers-a', answerTruly())
    await waitUntil('it is asked again', async () => {
      await chat('recovers')
      return upstream.requestsFor('recovers-a').length > before
    })
    expect(await healthOf('recovers-a')).toBe('closed')
  })

  it('gets one request to prove itself, not many', async () => {
    await cool('probed')
    const before = upstream.requestsFor('probed-a').length
    const { step, release } = held(answerTruly())
    upstream.script('probed-a', step)
    await waitUntil('the cooldown is over', async () => (await healthOf('probed-a')) !== 'open')
    const running: Promise<Answer>[] = []
    await waitUntil('the probe is on its way', async () => {
      running.push(chat('probed'))
      await sleep(10)
      return upstream.requestsFor('probed-a').length > before
    })
    const others = await Promise.all(Array.from({ length: 6 }, () => chat('probed')))
    expect(upstream.requestsFor('probed-a')).toHaveLength(before + 1)
    release()
    const answers = [...others, ...(await Promise.all(running))]
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
    expect(await healthOf('probed-a')).toBe('closed')
  })

  it('is still called when it is named by its id', async () => {
    await cool('told')
    upstream.script('told-a', answerTruly())
    expect((await chat('told-a')).headers['x-litellm-model-id']).toBe('told-a')
  })
})

it('when all of a group cool down, the answer says when to come back', async () => {
  for (const letter of ['a', 'b'])
    upstream.script(`cold-${letter}`, respond(429, openaiError('x'), { 'retry-after': '20' }))
  for (let request = 0; request < 2; request++)
    expect((await chat('cold', { num_retries: 0 })).status).toBe(429)
  const answer = await chat('cold', { num_retries: 0 })
  expectError(answer, {
    status: 429,
    type: 'rate_limit_error',
    code: 'no_deployments_available',
    origin: 'upstream',
    message:
      /^No deployments available for selected model, Try again in (1\d|20) seconds\. Passed model=cold\./,
  })
  expect(answer.headers['retry-after']).toMatch(/^(1\d|20)$/)
  expect(upstream.requests).toHaveLength(2)
})

it('a deployment that fails more than half the time cools down', async () => {
  upstream.script('failing-a', respond(500, openaiError('Broken')))
  await waitUntil('it cools down', async () => {
    expect((await chat('failing')).status).toBe(200)
    return (await healthOf('failing-a')) === 'open'
  })
  expect(upstream.requestsFor('failing-a').length).toBeGreaterThanOrEqual(5)
})

it('the only deployment of a group never cools down for a wrong credential or an unknown model', async () => {
  for (const status of [401, 403, 404, 429]) {
    upstream.script('alone', respond(status, openaiError('No')))
    for (let request = 0; request < 3; request++)
      expect((await chat('alone', { num_retries: 0 })).status).toBe(status)
  }
  expect(await healthOf('alone')).toBe('closed')
})
