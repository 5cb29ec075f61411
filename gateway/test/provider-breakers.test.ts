import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const root = '/api/v1/routeiq/breakers'
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('one', upstream.openaiBase),
        deployment('two', upstream.openaiBase),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude' }),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true, fallbacks: [{ two: ['claude'] }] },
    },
    env: {
      ROUTEIQ_PROVIDER_CB_ENABLED: 'true',
      ROUTEIQ_CB_FAILURE_THRESHOLD: '3',
      ROUTEIQ_CB_TIMEOUT_SECONDS: '600',
      ROUTEIQ_CB_SUCCESS_THRESHOLD: '1',
      ROUTEIQ_CB_ANTHROPIC_FAILURE_THRESHOLD: '1',
      ROUTEIQ_CB_ANTHROPIC_TIMEOUT_SECONDS: '0.2',
    },
    // What one worker counts, the other one counts too.
    workers: 2,
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})
beforeEach(() => upstream.reset())

const chat = (model: string) =>
  call(gateway.url, '/v1/chat/completions', { key, body: { model, messages, max_tokens: 8 } })

/** As every worker sees it: each connection may reach another one. */
async function areAll(provider: string, state: string): Promise<void> {
  await waitUntil(`${provider} is ${state} everywhere`, async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(gateway.url, root, { key })))
    return answers.every((answer) =>
      answer
        .json()
        .breakers.some(
          (one: { name: string; state: string }) =>
            one.name === `provider:${provider}` && one.state === state,
        ),
    )
  })
}

it('leaves a provider alone after failures of any of its deployments, and says so', async () => {
  upstream.script('one', respond(400, openaiError('No')))
  for (let n = 0; n < 6; n++) expect((await chat('one')).status).toBe(400)
  upstream.script('one', respond(500, openaiError('Broken')))
  for (let n = 0; n < 3; n++) expect((await chat('one')).status).toBe(500)
  await areAll('openai', 'open')

  upstream.reset()
  const refused = await chat('one')
  expect([refused.status, refused.json().error.code]).toEqual([429, 'no_deployments_available'])
  expect(refused.json().error.message).toContain('provider: 1')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(300)
  // The other deployment of the provider has a fallback, which is called at once.
  expect((await chat('two')).status).toBe(200)
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/v1/messages'])

  const ready = await call(gateway.url, '/_health/ready')
  expect([ready.status, ready.json().is_degraded]).toEqual([200, true])
  expect(ready.json().checks.circuit_breakers).toMatchObject({
    status: 'open',
    open_breakers: expect.arrayContaining(['provider:openai']),
    breakers: { 'provider:openai': 'open', 'provider:anthropic': 'closed' },
  })
  const metrics = (await call(gateway.url, '/metrics', { key })).text
  expect(metrics).toContain('gateway_circuit_breaker_state{breaker="provider:openai",state="open"} 1')

  const closed = await call(gateway.url, `${root}/provider%3Aopenai/close`, { key, body: {} })
  expect(closed.json()).toEqual({ name: 'provider:openai', state: 'closed' })
  await areAll('openai', 'closed')
  expect((await chat('one')).status).toBe(200)
})

it('tries a provider with its own limits again after its time, and closes when it answers', async () => {
  upstream.script('claude', respond(529, { type: 'error', error: { type: 'overloaded_error' } }))
  await chat('claude')
  await waitUntil('it fails its trials', async () => {
    const before = upstream.requests.length
    await chat('claude')
    return before > 2
  })
  upstream.reset()
  await waitUntil('it is called again', async () => (await chat('claude')).status === 200)
  await areAll('anthropic', 'closed')
})
