import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: { HTTP_CLIENT_MAX_KEEPALIVE: '2' },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it('of a burst are closed but for HTTP_CLIENT_MAX_KEEPALIVE, which the next requests use', async () => {
  upstream.script('gpt', async (received) => {
    await waitUntil('all are under way', () => upstream.acceptedSockets >= 6)
    answerTruly()(received)
  })
  const ask = () => call(gateway.url, '/v1/chat/completions', { key, body: { model: 'gpt', messages } })
  const answers = await Promise.all(Array.from({ length: 6 }, ask))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
  await waitUntil('what is over the limit is closed', () => upstream.openSockets === 2)
  expect([(await ask()).status, upstream.openSockets, upstream.acceptedSockets]).toEqual([200, 2, 6])
})

it('are closed after each call where they shall not be kept', async () => {
  upstream.reset()
  const before = upstream.acceptedSockets
  const own = await startGateway({
    config: { model_list: [deployment('gpt', upstream.openaiBase)] },
    env: { ROUTEIQ_HTTP_CLIENT_POOLING_ENABLED: 'false' },
  })
  try {
    for (let n = 1; n <= 3; n++) {
      const { status } = await call(own.url, '/v1/chat/completions', {
        key,
        body: { model: 'gpt', messages },
      })
      expect([status, upstream.acceptedSockets - before]).toEqual([200, n])
    }
  } finally {
    await own.stop()
  }
})
