import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { readSpendLogs } from './harness/read-spend-logs.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { hang, hangAfter, respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let issued: IssuedKey

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
  gateway = await startGateway({ config: { model_list: [deployment('gpt', upstream.openaiBase, prices)] } })
  issued = await gateway.createKey({})
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const path = '/v1/chat/completions'
const optionsOf = (id: string, extra: object = {}) => ({
  key: issued.key,
  headers: { 'x-request-id': id },
  body: { model: 'gpt', messages, num_retries: 0, ...extra },
})

async function leaveBeforeAnswer(): Promise<void> {
  upstream.script('gpt', hang())
  const request = openRequest(gateway.url, path, optionsOf('left-before'))
  request.on('error', () => {})
  await waitUntil('the upstream has it', () => upstream.pendingRequests === 1)
  request.destroy()
  await waitUntil('the upstream call is cancelled', () => upstream.pendingRequests === 0)
}

async function leaveInTheMiddle(): Promise<void> {
  upstream.script('gpt', hangAfter('data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'))
  const stream = await openStream(gateway.url, path, optionsOf('left-within', { stream: true }))
  await waitUntil('the first event is here', () => stream.text().includes('data: '))
  stream.leave()
  await waitUntil('the upstream call is cancelled', () => upstream.pendingRequests === 0)
}

/** Rows are written at the end of the event-loop turn that sent the answer; another answer proves that it is over. */
async function killAfterAnswer(): Promise<void> {
  await call(gateway.url, '/_health/live')
  await gateway.restart('SIGKILL')
}

it('every request that reached a provider is in the ledger exactly once, whatever ends the process', async () => {
  await call(gateway.url, path, optionsOf('refused', { model: 'no-such-model' }))
  upstream.script('gpt', respond(500, openaiError('Broken')))
  await call(gateway.url, path, optionsOf('failed'))
  await leaveBeforeAnswer()
  await leaveInTheMiddle()
  upstream.reset()
  await call(gateway.url, path, optionsOf('streamed', { stream: true }))
  await call(gateway.url, path, optionsOf('answered'))
  await killAfterAnswer()
  await call(gateway.url, path, optionsOf('answered-later'))
  await killAfterAnswer()
  gateway.kill('SIGTERM')
  await gateway.exited()

  const logs = await readSpendLogs(gateway.dataDir)
  const paid = {
    status: 200,
    input_tokens: 11,
    output_tokens: 7,
    cost_nano_usd: 25_000_000,
    estimated: false,
  }
  const expected = {
    failed: { status: 500 },
    'left-before': { status: 499 },
    'left-within': { status: 200, estimated: true },
    streamed: paid,
    answered: paid,
    'answered-later': paid,
  }
  expect(logs.map((log) => log.request_id)).toEqual(Object.keys(expected))
  for (const log of logs) {
    expect(log).toMatchObject({ requested_model: 'gpt', key_hash: issued.token })
    expect(log).toMatchObject(expected[log.request_id as keyof typeof expected])
  }
})
