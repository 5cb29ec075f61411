import { describe, expect, it } from 'vitest'
import { makeRequestRecord } from '../request-record.fixture.ts'
import type { FailedAttempt, RequestRecord } from '../request-record.ts'
import { formatPrometheus } from './format-prometheus.ts'
import { LitellmMetrics } from './litellm-metrics.ts'
import { parsePrometheusText } from './prometheus-text.fixture.ts'
import { Registry } from './registry/registry.ts'

function observe(records: readonly RequestRecord[], trackEndUsers = true) {
  const registry = new Registry({ redactText: (text) => text })
  const metrics = new LitellmMetrics(registry, { trackEndUsers, countActive: () => 5 })
  for (const record of records) metrics.observe(record)
  return parsePrometheusText(formatPrometheus(registry.snapshot()))
}

const other = { deploymentId: 'd2', provider: 'groq', upstreamModel: 'llama', apiBase: 'https://g/v1' }
const failedAttempt: FailedAttempt = {
  group: 'slow',
  target: other,
  kind: 'rate_limit',
  status: 429,
  cooledDown: true,
}

describe('LitellmMetrics', () => {
  it.each([
    [
      'litellm_spend_metric_total',
      { user: 'ann', model: 'gpt-4o', team_alias: 'None', end_user: 'eve' },
      0.002,
    ],
    ['litellm_total_tokens_metric_total', { requested_model: 'fast', api_key_alias: 'prod' }, 170],
    ['litellm_input_tokens_metric_total', { hashed_api_key: 'ab12' }, 120],
    ['litellm_output_tokens_metric_total', { team: 'red' }, 50],
    ['litellm_requests_metric_total', { model: 'gpt-4o' }, 1],
    ['litellm_proxy_total_requests_metric_total', { status_code: '200' }, 1],
    ['litellm_request_total_latency_metric_sum', { model: 'gpt-4o' }, 0.8],
    ['litellm_llm_api_latency_metric_sum', {}, 0.79],
    ['litellm_llm_api_time_to_first_token_metric_sum', { model: 'gpt-4o' }, 0.3],
    ['litellm_overhead_latency_metric_sum', { model_group: 'fast', api_provider: 'openai' }, 0.01],
    ['litellm_in_flight_requests', {}, 5],
    ['litellm_deployment_state', { model_id: 'd1' }, 0],
    ['litellm_deployment_total_requests_total', { api_base: 'https://api.openai.com/v1' }, 1],
    ['litellm_deployment_latency_per_output_token_sum', { model_id: 'd1' }, 0.79 / 50],
  ])('counts a success into %s %j', (name, labels, value) => {
    expect(observe([makeRequestRecord({ endUser: 'eve' })]).read(name, labels)).toBeCloseTo(value, 9)
  })

  it('counts failed attempts against their deployment', () => {
    const { read } = observe([
      makeRequestRecord({ attempts: 2, fallbacks: 1, failedAttempts: [failedAttempt] }),
    ])
    const labels = { model_id: 'd2', litellm_model_name: 'llama' }
    expect(
      read('litellm_deployment_failure_responses_total', { ...labels, exception_class: 'rate_limit' }),
    ).toBe(1)
    expect(read('litellm_deployment_total_requests_total', labels)).toBe(1)
    expect(read('litellm_deployment_cooled_down_total', { ...labels, exception_status: '429' })).toBe(1)
    expect(read('litellm_deployment_state', labels)).toBe(2)
    expect(read('litellm_deployment_state', { model_id: 'd1' })).toBe(0)
    expect(read('litellm_deployment_successful_fallbacks_total', { fallback_model: 'fast' })).toBe(1)
  })

  it('does not take a request that failed on its last deployment for a recovery', () => {
    const { read } = observe([
      makeRequestRecord({
        status: 429,
        errorType: 'rate_limit_error',
        target: other,
        failedAttempts: [failedAttempt],
        fallbacks: 1,
      }),
    ])
    expect(read('litellm_deployment_state', { model_id: 'd2' })).toBe(2)
    expect(read('litellm_deployment_total_requests_total', { model_id: 'd2' })).toBe(1)
    expect(read('litellm_deployment_failed_fallbacks_total')).toBe(1)
    const failed = { exception_status: '429', exception_class: 'rate_limit_error' }
    expect(read('litellm_proxy_failed_requests_metric_total', failed)).toBe(1)
  })

  it('follows a key that changes its team', () => {
    const { caller } = makeRequestRecord()
    const moved = makeRequestRecord({ caller: { ...caller, teamId: 'blue' } })
    const { read } = observe([makeRequestRecord(), moved, moved])
    expect(read('litellm_requests_metric_total', { team: 'red' })).toBe(1)
    expect(read('litellm_requests_metric_total', { team: 'blue' })).toBe(2)
  })

  it('hides end users when asked', () => {
    const { samples } = observe([makeRequestRecord({ endUser: 'eve' })], false)
    expect(JSON.stringify(samples)).not.toContain('eve')
  })

  it('puts models that do not exist under one label', () => {
    const { read } = observe([
      makeRequestRecord({ group: null, target: null, requestedModel: 'made-up', status: 400 }),
    ])
    expect(
      read('litellm_proxy_total_requests_metric_total', { requested_model: 'other', status_code: '400' }),
    ).toBe(1)
  })
})
