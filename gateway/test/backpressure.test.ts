import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { hang } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: { ROUTEIQ_MAX_CONCURRENT_REQUESTS: '2', ROUTEIQ_BACKPRESSURE_EXCLUDED_PATHS: '/v1/models' },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it('refuses what is over the limit before anything else, and frees a slot when a client leaves', async () => {
  upstream.script('gpt', hang())
  const path = '/v1/chat/completions'
  const running = [1, 2].map(() => openRequest(gateway.url, path, { key, body: { model: 'gpt', messages } }))
  for (const request of running) request.on('error', () => {})
  await waitUntil('both are under way', () => upstream.pendingRequests === 2)

  for (const options of [{ body: 'not even JSON' }, { key: 'sk-wrong', body: {} }]) {
    const refused = await call(gateway.url, path, options)
    expect(refused.status).toBe(503)
    expect(refused.json()).toEqual({
      error: 'over_capacity',
      message: expect.any(String),
      request_id: refused.headers['x-request-id'],
    })
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-routeiq-error-origin': 'gateway' })
  }
  expect((await call(gateway.url, '/models', { key })).status).toBe(503)
  const excluded = ['/_health/live', '/_health/ready', '/health', '/health/liveliness', '/health/liveness']
  for (const free of [...excluded, '/health/readiness', '/metrics'])
    expect([free, (await call(gateway.url, free)).status]).toEqual([free, 200])
  expect((await call(gateway.url, '/v1/models', { key })).status).toBe(200)
  const metrics = (await call(gateway.url, '/metrics')).text
  expect(metrics).toMatch(/^gateway_backpressure_active_requests 2$/m)
  expect(metrics).toMatch(/^gateway_backpressure_rejections_total\{reason="over_capacity"\} 3$/m)

  running[0]?.destroy()
  upstream.script('gpt', hang())
  await waitUntil('a slot is free', () => upstream.pendingRequests === 1)
  await waitUntil('and is given', async () => (await call(gateway.url, '/models', { key })).status === 200)
  running[1]?.destroy()
})
