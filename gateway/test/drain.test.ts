import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { controlledStream } from './harness/controlled-step.ts'
import { deployment, messages } from './harness/deployments.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { dataOf, openStream, type ReadStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: { ROUTEIQ_DRAIN_TIMEOUT_SECONDS: '6' },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

async function startStream(requestId: string): Promise<{ stream: ReadStream; finish: () => void }> {
  const { step, finish } = controlledStream()
  upstream.script('gpt', step)
  const stream = await openStream(gateway.url, '/v1/chat/completions', {
    key,
    headers: { 'x-request-id': requestId },
    body: { model: 'gpt', messages, stream: true },
  })
  await waitUntil('the first event is here', () => stream.text().includes('data: '))
  return { stream, finish }
}

const draining = (): Promise<boolean> =>
  waitUntil('the gateway drains', async () => (await call(gateway.url, '/_health/ready')).status === 503)

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s lets what runs finish, refuses the rest and exits with 0',
  async (signal) => {
    const { stream, finish } = await startStream(`drained-${signal}`)
    gateway.kill(signal)
    await draining()
    const ready = await call(gateway.url, '/_health/ready')
    expect(ready.json().detail).toMatchObject({
      status: 'not_ready',
      checks: { drain_status: { status: 'draining', active_requests: 1 } },
    })
    expect((await call(gateway.url, '/health/readiness')).status).toBe(503)
    expect((await call(gateway.url, '/_health/live')).status).toBe(200)
    for (const path of ['/v1/chat/completions', '/v1/models']) {
      const refused = await call(gateway.url, path, path === '/v1/models' ? {} : { body: {} })
      expect(refused.status).toBe(503)
      expect(refused.json()).toEqual({
        error: 'draining',
        message: expect.any(String),
        request_id: refused.headers['x-request-id'],
      })
      expect(refused.headers).toMatchObject({ 'retry-after': '1', connection: 'close' })
    }
    finish()
    expect((await stream.end).endsWith('data: [DONE]\n\n')).toBe(true)
    expect(await gateway.exited()).toEqual({ code: 0, signal: null })
    await gateway.restart()
  },
)

it('an idle gateway with open connections exits at once', async () => {
  await call(gateway.url, '/v1/models', { key })
  gateway.kill('SIGTERM')
  expect(await gateway.exited()).toEqual({ code: 0, signal: null })
  await gateway.restart()
})

it('who has only just connected is told, and not cut off', async () => {
  const { port } = new URL(gateway.url)
  const [early, idle] = [net.connect(Number(port), '127.0.0.1'), net.connect(Number(port), '127.0.0.1')]
  idle.on('error', () => {})
  await Promise.all([early, idle].map((socket) => once(socket, 'connect')))
  gateway.kill('SIGTERM')
  await sleep(50)
  early.write('GET /v1/models HTTP/1.1\r\nhost: gateway\r\n\r\n')
  let answer = ''
  for await (const chunk of early) answer += String(chunk)
  expect(answer).toMatch(/^HTTP\/1\.1 503 /)
  expect(answer).toContain('"draining"')
  // It is not waited for longer than that.
  expect(await gateway.exited()).toEqual({ code: 0, signal: null })
  await gateway.restart()
})

it('a second signal ends the wait', async () => {
  const { stream } = await startStream('interrupted')
  gateway.kill('SIGTERM')
  await draining()
  gateway.kill('SIGTERM')
  expect(await gateway.exited()).toEqual({ code: 143, signal: null })
  await expect(stream.end).rejects.toThrow()
  await gateway.restart()
})

it('what still runs at the end of the time is told so, and settled', async () => {
  const { stream } = await startStream('cut-off')
  gateway.kill('SIGTERM')
  const events = dataOf(await stream.end)
  expect(events.at(-1)).toMatchObject({
    error: { message: expect.any(String), type: expect.any(String), param: null, code: expect.any(String) },
  })
  expect(await gateway.exited()).toEqual({ code: 0, signal: null })
  const logs = await readSpendLogs(gateway.dataDir)
  expect(logs.map((log) => log.request_id)).toEqual(['drained-SIGTERM', 'drained-SIGINT', 'cut-off'])
})
