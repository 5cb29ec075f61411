import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: ['small', 'large'].map((name) =>
        deployment(name, upstream.openaiBase, { model: `openai/of-${name}` }, { id: name }),
      ),
      routeiq: { routing: { routers: { dice: { strategy: 'llmrouter-random' } } } },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const tools = [{ type: 'function', name: 'look_up', parameters: { type: 'object' } }]

async function respond(body: object) {
  const answer = await call(gateway.url, '/v1/responses', {
    key: masterKey,
    body: { model: 'dice', tools, ...body },
  })
  expect(answer.status, answer.text).toBe(200)
  const { 'x-routeiq-selected-arm': arm, 'x-routeiq-affinity': affinity } = answer.headers
  return { id: answer.json().id as string, arm, affinity }
}

it('stays on its model where its provider keeps the conversation and a tool has answered', async () => {
  const first = await respond({ input: 'Which trees are evergreen?' })
  const output = { type: 'function_call_output', call_id: 'call_1', output: '{}' }
  let previous_response_id = first.id
  for (let turn = 0; turn < 12; turn++) {
    const next = await respond({ input: [output], previous_response_id })
    expect(next).toMatchObject({ arm: first.arm, affinity: 'kept' })
    previous_response_id = next.id
  }
})
