import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { chatChunks, openaiError } from './harness/openai-wire.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { hang, hangAfter, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const path = '/v1/chat/completions'
const started = `data: ${JSON.stringify(chatChunks()[0])}\n\ndata: ${JSON.stringify(chatChunks()[1])}\n\n`
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: { model_list: [deployment('gpt', upstream.openaiBase)] } })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const body = (stream: boolean): object => ({ model: 'gpt', messages, stream })

/** Sends requests, waits until the upstream has all of them, and leaves. */
async function sendAndLeave(count: number, stream: boolean): Promise<void> {
  const before = upstream.requests.length
  const requests = Array.from({ length: count }, () =>
    openRequest(gateway.url, path, { key, body: body(stream) }),
  )
  for (const request of requests) request.on('error', () => {})
  await waitUntil('the upstream has the requests', () => upstream.requests.length === before + count)
  for (const request of requests) request.destroy()
}

async function expectAllReleased(): Promise<void> {
  await waitUntil('the upstream calls are cancelled', () => upstream.pendingRequests === 0)
  await waitUntil('the gateway has no request left', async () => (await activeRequests()) === 0)
}

async function activeRequests(): Promise<number> {
  const ready = await call(gateway.url, '/_health/ready')
  return ready.json().checks.drain_status.active_requests as number
}

async function expectWhole(): Promise<void> {
  upstream.reset()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => call(gateway.url, path, { key, body: body(index % 2 === 0) })),
  )
  expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200))
}

describe('a client that leaves', () => {
  it.each([false, true])('before the answer (stream: %s)', async (stream) => {
    upstream.script('gpt', hang())
    await sendAndLeave(1, stream)
    await expectAllReleased()
    await expectWhole()
  })

  it('in the middle of a stream', async () => {
    upstream.script('gpt', hangAfter(started))
    const stream = await openStream(gateway.url, path, { key, body: body(true) })
    await waitUntil('the first event is here', () => stream.text().includes('data: '))
    stream.leave()
    await expectAllReleased()
    await expectWhole()
  })

  it('between two attempts causes no further one', async () => {
    upstream.reset()
    upstream.script('gpt', respond(500, openaiError('Not now')))
    await sendAndLeave(1, false)
    await expectAllReleased()
    await sleep(800)
    expect(upstream.requests).toHaveLength(1)
    await expectWhole()
  })

  it('before its request is complete', async () => {
    const request = openRequest(gateway.url, path, {
      key,
      method: 'POST',
      headers: { 'content-length': 1000 },
    })
    request.on('error', () => {})
    await waitUntil('the gateway has the head', async () => (await activeRequests()) === 1)
    request.destroy()
    await expectAllReleased()
  })

  it('with seven others at once, before the answer and in the middle of it', async () => {
    upstream.script('gpt', hang())
    await sendAndLeave(8, true)
    await expectAllReleased()
    upstream.script('gpt', hangAfter(started))
    const streams = await Promise.all(
      Array.from({ length: 8 }, () => openStream(gateway.url, path, { key, body: body(true) })),
    )
    for (const stream of streams) stream.leave()
    await expectAllReleased()
    await expectWhole()
    expect(upstream.openSockets).toBeLessThanOrEqual(20)
  })

  it('is not held against the deployment', async () => {
    const metrics = (await call(gateway.url, '/metrics')).text
    expect(metrics).toContain('gateway_request_total{')
    expect(metrics).not.toMatch(/^litellm_deployment_cooled_down_total\{.* [1-9]/m)
    const { models } = (await call(gateway.url, '/_health/models')).json()
    expect(models).toEqual([expect.objectContaining({ status: 'healthy', circuit_breaker: 'closed' })])
  })
})
