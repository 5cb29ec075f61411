import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let key: string

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, prices, { id: 'gpt-one' }),
        deployment('broken', upstream.openaiBase, { num_retries: 0 }, { id: 'broken-one' }),
      ],
      litellm_settings: { callbacks: ['prometheus'] },
    },
  })
  ;({ key } = await gateway.createKey({ key_alias: 'my-key', team_id: 'my-team', user_id: 'my-user' }))
  upstream.script('broken', respond(500, openaiError('Broken')))
  const chat = (model: string, id: string, stream = false) =>
    call(gateway.url, '/v1/chat/completions', {
      key,
      headers: { 'x-request-id': id },
      body: { model, messages, stream },
    })
  await chat('gpt', 'plain')
  await chat('gpt', 'streamed', true)
  await chat('broken', 'failed')
  await chat('unknown', 'refused')
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

/** Values of the series of one metric whose labels hold all of these. */
function valuesOf(metrics: string, name: string, ...labels: string[]): number[] {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
}

describe('/metrics', () => {
  let metrics: string

  beforeAll(async () => {
    const answer = await call(gateway.url, '/metrics')
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    metrics = answer.text
  })

  it.each([
    ['gateway_request_total', ['model="gpt"', 'status="200"'], 2],
    ['gateway_request_total', ['model="broken"', 'status="500"'], 1],
    ['gateway_request_error_total', ['model="broken"'], 1],
    ['gateway_request_active', ['model="gpt"'], 0],
    ['gen_ai_client_operation_duration_seconds_count', ['gen_ai_request_model="gpt"'], 2],
    ['gen_ai_client_token_usage_sum', ['gen_ai_request_model="gpt"', 'gen_ai_token_type="input"'], 22],
    ['gen_ai_client_token_usage_sum', ['gen_ai_request_model="gpt"', 'gen_ai_token_type="output"'], 14],
    ['gen_ai_server_time_to_first_token_seconds_count', ['gen_ai_request_model="gpt"'], 1],
    ['gateway_cost_total_usd_total', ['model="gpt"', 'team="my-team"', 'user="my-user"'], 0.05],
    ['gateway_routing_strategy_usage_total', ['strategy="simple-shuffle"', 'outcome="success"'], 2],
    ['litellm_spend_metric_total', ['model="gpt"', 'api_key_alias="my-key"', 'team="my-team"'], 0.05],
    ['litellm_deployment_failure_responses_total', ['model_id="broken-one"', 'exception_status="500"'], 1],
    ['litellm_in_flight_requests', [], 0],
    ['gateway_backpressure_active_requests', [], 0],
  ])('%s %j', (name, labels, value) => {
    const values = valuesOf(metrics, name, ...labels)
    expect(values).toHaveLength(1)
    expect(values[0]).toBeCloseTo(value, 9)
  })

  it('has no series twice and holds figures of the process', () => {
    const series = metrics
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(new Set(series).size).toBe(series.length)
    expect(valuesOf(metrics, 'process_resident_memory_bytes')[0]).toBeGreaterThan(1e7)
    expect(valuesOf(metrics, 'process_cpu_seconds_total')[0]).toBeGreaterThan(0)
  })
})

describe('health pages', () => {
  it('/_health/live and the probes of other gateways', async () => {
    expect((await call(gateway.url, '/_health/live')).json()).toEqual({ status: 'alive', service: 'routeiq' })
    for (const path of ['/health/liveliness', '/health/liveness'])
      expect((await call(gateway.url, path)).json()).toBe("I'm alive!")
    expect((await call(gateway.url, '/health/readiness')).json()).toMatchObject({
      status: 'healthy',
      db: 'connected',
      success_callbacks: [],
      litellm_version: expect.any(String),
      last_updated: expect.any(String),
    })
  })

  it('/_health/ready', async () => {
    expect((await call(gateway.url, '/_health/ready')).json()).toMatchObject({
      status: 'ready',
      service: 'routeiq',
      is_degraded: false,
      checks: {
        drain_status: { status: 'accepting', active_requests: 0 },
        circuit_breakers: { status: 'closed', breakers: { 'provider:openai': 'closed' } },
        database: { status: 'ok' },
      },
      models: { healthy: 2, degraded: 0, unhealthy: 0, total: 2 },
      request_id: expect.any(String),
    })
  })

  it('/health tells more to those who have a key', async () => {
    const open = (await call(gateway.url, '/health')).json()
    expect(open).toEqual({ status: 'healthy', version: expect.any(String) })
    const known = (await call(gateway.url, '/health', { key })).json()
    expect(known).toMatchObject({ healthy_count: 2, unhealthy_count: 0, unhealthy_endpoints: [] })
    expect(JSON.stringify(known)).not.toContain('sk-upstream')
  })

  it('/config/status', async () => {
    expect((await call(gateway.url, '/config/status')).json()).toEqual({
      config_source: expect.any(String),
      sync_enabled: false,
      sync_interval_seconds: expect.any(Number),
      last_sync_attempt: null,
      last_sync_success: null,
      last_sync_error: null,
      config_version_hash: expect.stringMatching(/^sha256:[0-9a-f]{16}$/),
      model_count: 2,
      next_sync_at: null,
    })
  })
})

describe('the log', () => {
  it('has a JSON line for every request', async () => {
    const lines = await waitUntil('the lines are written', () => {
      const found = ['plain', 'streamed', 'failed', 'refused'].map((id) =>
        gateway
          .stdout()
          .split('\n')
          .filter((line) => line.includes(`"${id}"`)),
      )
      return found.every((each) => each.length > 0) ? found : null
    })
    for (const [plain, ...more] of lines) {
      expect(more.length).toBeLessThanOrEqual(1)
      expect(JSON.parse(plain ?? '')).toMatchObject({
        level: expect.any(String),
        timestamp: expect.any(String),
      })
    }
    expect(JSON.parse(lines[0]?.[0] ?? '')).toMatchObject({ status: 200, request_id: 'plain' })
    expect(JSON.parse(lines[2]?.[0] ?? '')).toMatchObject({ status: 500, request_id: 'failed' })
  })

  it('is JSON throughout', () => {
    for (const line of gateway.stdout().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })
})

it('/metrics asks for a key where it should', async () => {
  await gateway.reload({
    model_list: [deployment('gpt', upstream.openaiBase)],
    litellm_settings: { require_auth_for_metrics_endpoint: true },
  })
  expect((await call(gateway.url, '/metrics')).status).toBe(401)
  expect((await call(gateway.url, '/metrics', { key: masterKey })).status).toBe(200)
})
