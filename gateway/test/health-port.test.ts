import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { freePort } from './harness/free-port.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let health: string

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const port = await freePort()
  health = `http://127.0.0.1:${port}`
  gateway = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: { SEPARATE_HEALTH_APP: 'true', SEPARATE_HEALTH_PORT: String(port) },
    workers: 2,
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it('answers probes at their own port as at the gateway’s, and nothing else there', async () => {
  for (const path of [
    '/_health/live',
    '/_health/ready',
    '/health/liveliness',
    '/health/readiness',
    '/health',
  ])
    for (const url of [health, gateway.url])
      expect([url, path, (await call(url, path, { key })).status]).toEqual([url, path, 200])
  for (const path of ['/v1/models', '/metrics', '/key/info', '/'])
    expect((await call(health, path, { key })).status).toBe(404)
  const chat = { key, body: { model: 'gpt', messages } }
  expect((await call(health, '/v1/chat/completions', chat)).status).toBe(404)
  expect((await call(gateway.url, '/v1/chat/completions', chat)).status).toBe(200)
})

it('says there that the gateway is ending while requests are under way, and ends with it', async () => {
  let answer = (): void => {}
  upstream.script('gpt', async ({ response }) => {
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    response.end('{}')
  })
  const body = { model: 'gpt', messages }
  const running = call(gateway.url, '/v1/chat/completions', { key, body, timeoutMs: 60_000 })
  await waitUntil('it is under way', () => upstream.pendingRequests === 1)
  // The worker without a request is gone at once: a probe that reached it may be cut off, and none may be left without an end.
  const outcomes = new Set<string>()
  const probe = async (): Promise<void> => {
    for (let told = 0; told < 20; ) {
      const outcome = await call(health, '/_health/ready', { timeoutMs: 15_000 }).then(
        ({ status }) => `${status}`,
        (error: Error) => error.message,
      )
      outcomes.add(outcome)
      if (outcome === '503') told++
    }
  }
  const probes = Array.from({ length: 16 }, probe)
  await waitUntil('they get answers', () => outcomes.has('200'))
  gateway.kill('SIGTERM')
  await Promise.all(probes)
  expect(outcomes).toContain('503')
  expect(outcomes).not.toContain('no answer in time')
  answer()
  await running
  expect((await gateway.exited()).code).toBe(0)
  await expect(call(health, '/_health/live')).rejects.toThrow()
})
