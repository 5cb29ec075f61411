import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let own: string
let other: string

const config = (routing: object): object => ({
  model_list: ['small', 'large'].map((name, index) =>
    deployment(
      name,
      upstream.openaiBase,
      { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 },
      { id: name, quality_score: 0.9 - 0.3 * index },
    ),
  ),
  routeiq: { routing },
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: config({ implicit_feedback: true }) })
  ;[own, other] = [(await gateway.createKey({})).key, (await gateway.createKey({})).key]
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

const question = 'which of the larches keep their needles?'

async function ask(content: string, key: string, more: object = {}, headers: Record<string, string> = {}) {
  const body = { model: 'auto', messages: [{ role: 'user', content }], ...more }
  const answer = await call(gateway.url, '/v1/chat/completions', { key, headers, body })
  expect(answer.status, answer.text).toBe(200)
  return answer.headers
}

async function countImplicit(): Promise<number> {
  const { text } = await call(gateway.url, '/metrics', { key: masterKey })
  return Number(/routeiq_routing_feedback_total\{source="implicit"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0)
}

const quality = async (): Promise<number> => {
  const body = { query: question, model: 'auto' }
  const { explain } = (await call(gateway.url, '/router/route', { key: masterKey, body })).json()
  return explain.candidates.find(({ model }: { model: string }) => model === 'small').q
}

it('takes the same ask of a key again for a word against the first answer, and nothing else', async () => {
  const before = await quality()
  const call = { id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } }
  await ask(question, own)
  await ask(question, other)
  await ask('which of the larches grow in the north?', own)
  await ask(question, own, {}, { 'x-routeiq-learn': 'off' })
  const loop = [
    { role: 'user', content: question },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c', content: 'none' },
  ]
  await ask(question, own, { messages: loop })
  await ask(question, own)
  // In the order in which they were asked: the others would have counted by then.
  await waitUntil('the repeated ask is counted', async () => (await countImplicit()) > 0)
  expect(await countImplicit()).toBe(1)
  for (let index = 0; index < 10; index++) await ask(question, own)
  await waitUntil('the model is trusted less', async () => (await quality()) < before)
})

it('is a bare hint: no measure of quality, nobody may claim it, and whoever speaks knows better', async () => {
  const overview = await call(gateway.url, '/api/v1/evidence/overview?window=1d', { key: masterKey })
  expect(overview.json()).toMatchObject({ judged: 0, quality: null })
  const first = (await ask('name a spruce of the south', own))['x-routeiq-decision-id']
  const before = await countImplicit()
  await ask('name a spruce of the south', own)
  await waitUntil('it is counted', async () => (await countImplicit()) === before + 1)
  const feedback = (source: string) =>
    call(gateway.url, '/router/feedback', { key: own, body: { decision_id: first, score: 1, source } })
  expect((await feedback('implicit')).status).toBe(422)
  expect((await feedback('judge')).json()).toMatchObject({ applied: true, superseded: false })
})

it('is off where nobody asked for it', async () => {
  const before = await countImplicit()
  await gateway.reload(config({}))
  await ask('name a cedar of the east', own)
  const last = (await ask('name a cedar of the east', own))['x-routeiq-decision-id']
  await waitUntil('the last one is kept', async () => {
    const path = `/api/v1/evidence/routing-traces?decision_id=${last}`
    return (await call(gateway.url, path, { key: masterKey })).json().items.length === 1
  })
  expect(await countImplicit()).toBe(before)
})
