import { beforeEach, describe, expect, it } from 'vitest'
import { compileModelGrants } from '../deployments/allowed-models.ts'
import { anonymousCaller, type Caller } from '../identity/caller.ts'
import { callInProcess } from './call-in-process.ts'
import { type GatewayBench, openGatewayBench } from './testing/gateway-bench.ts'

const config = `
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-4o, api_key: sk-up, api_base: "http://up.test/v1" } }
  - { model_name: demo, litellm_params: { model: openai/demo, api_key: sk-up, mock_response: "Hi there" } }
router_settings: { num_retries: 0 }
`
const messages = [{ role: 'user', content: 'Grüße 👋' }]
const ada: Caller = {
  ...anonymousCaller,
  kind: 'key',
  keyHash: 'hash-of-ada',
  grants: compileModelGrants(['gpt', 'demo']),
}
let bench: GatewayBench
beforeEach(() => {
  bench = openGatewayBench(config)
})

describe('callInProcess', () => {
  it('answers like the route, and the caller is charged', async () => {
    const answer = await callInProcess(bench.gateway, ada, { model: 'demo', messages, stream: true })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ choices: [{ message: { content: 'Hi there' } }] })
    expect(bench.rows).toMatchObject([
      { requestId: answer.requestId, keyHash: 'hash-of-ada', requestedModel: 'demo', status: 200 },
    ])
    expect(bench.records).toMatchObject([{ template: '/v1/chat/completions' }])
    expect(bench.active.get('demo')?.value).toBe(0)
  })

  it('sends the prompt upstream as it is', async () => {
    const answer = callInProcess(bench.gateway, ada, { model: 'gpt', messages })
    const call = bench.transport.last
    expect(JSON.parse(String(call.request.body))).toMatchObject({ messages, stream: false })
    call.headers(200, { 'content-type': 'application/json' })
    call.data('{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Ja"}}]}')
    call.end()
    expect((await answer).body).toMatchObject({ choices: [{ message: { content: 'Ja' } }] })
  })

  it('gives refusals as they would be sent', async () => {
    const unknown = await callInProcess(bench.gateway, ada, { model: 'nobody', messages })
    expect(unknown).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('nobody') } },
    })
    const locked = { ...ada, grants: compileModelGrants(['demo']) }
    expect((await callInProcess(bench.gateway, locked, { model: 'gpt', messages })).status).toBe(403)
    expect(bench.transport.calls).toHaveLength(0)
  })
})
