import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('good', upstream.openaiBase),
        deployment('bad', upstream.openaiBase),
        deployment('vectors', upstream.openaiBase, {}, { mode: 'embedding' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
      ],
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

describe('GET /health', () => {
  it('is public, cheap and deaf to wrong keys', async () => {
    for (const key of [undefined, 'sk-wrong-key-nobody-knows']) {
      const answer = await call(gateway.url, '/health', key === undefined ? {} : { key })
      expect(answer.status).toBe(200)
      expect(Object.keys(answer.json()).sort()).toEqual(['status', 'version'])
    }
    expect(upstream.requests).toHaveLength(0)
  })

  it('asks every deployment when an admin wants to know', async () => {
    upstream.script('bad', respond(401, openaiError('Incorrect API key provided')))
    const health = (await call(gateway.url, '/health', { key: masterKey })).json()
    expect(health.healthy_endpoints.map((one: { model_name: string }) => one.model_name).sort()).toEqual([
      'claude',
      'good',
      'vectors',
    ])
    expect(health.unhealthy_endpoints).toMatchObject([
      { model_name: 'bad', error: expect.stringContaining('Incorrect API key') },
    ])
    expect([health.healthy_count, health.unhealthy_count]).toEqual([3, 1])
    expect(upstream.requests).toHaveLength(4)
  })

  it('asks only the model named', async () => {
    const health = (await call(gateway.url, '/health?model=good', { key: masterKey })).json()
    expect(health.healthy_count).toBe(1)
    expect(upstream.requests).toHaveLength(1)
  })

  it('shows a user key what it may call, without paying for it', async () => {
    const made = await call(gateway.url, '/key/generate', { key: masterKey, body: { models: ['good'] } })
    const health = (await call(gateway.url, '/health', { key: made.json().key })).json()
    expect(health.healthy_endpoints.map((one: { model_name: string }) => one.model_name)).toEqual(['good'])
    expect(upstream.requests).toHaveLength(0)
  })
})
