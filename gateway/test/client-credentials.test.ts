import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const opened = { configurable_clientside_auth_params: ['api_key'] }
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('open', upstream.openaiBase, opened),
        deployment('closed', upstream.openaiBase),
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

const chat = (body: object) => call(gateway.url, '/v1/chat/completions', { key, body: { messages, ...body } })

describe('a credential in the body', () => {
  it('goes upstream in place of the configured one where the operator allows it', async () => {
    expect((await chat({ model: 'open', api_key: 'sk-of-the-client' })).status).toBe(200)
    const [request] = upstream.requests
    expect(request?.headers['authorization']).toBe('Bearer sk-of-the-client')
    expect(request?.body).not.toContain('sk-of-the-client')
  })

  it.each([
    ['closed', { api_key: 'sk-of-the-client' }, 'api_key'],
    ['open', { api_base: 'http://169.254.169.254/' }, 'api_base'],
    ['open', { api_key: 'sk-of-the-client', api_base: 'http://127.0.0.1:9/' }, 'api_base'],
    ['open', { api_key: 7 }, 'api_key'],
  ])('is refused on %s with %j', async (model, extra, param) => {
    const answer = await chat({ model, ...extra })
    expect(answer.status).toBe(400)
    expect(answer.json().error.param).toBe(param)
    expect(upstream.requests).toHaveLength(0)
  })
})
