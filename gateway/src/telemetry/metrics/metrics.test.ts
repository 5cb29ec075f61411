import { afterEach, describe, expect, it } from 'vitest'
import { makeRequestRecord } from '../request-record.fixture.ts'
import { formatPrometheus } from './format-prometheus.ts'
import { createMetrics, type Metrics, type MetricsOptions } from './metrics.ts'
import { parsePrometheusText } from './prometheus-text.fixture.ts'

const made: Metrics[] = []
function makeMetrics(changes: Partial<MetricsOptions> = {}): Metrics {
  const metrics = createMetrics({
    redactText: (text) => text,
    litellm: null,
    source: process,
    now: () => 1_700_000_000_000,
    countLosses: () => ({ records: 3, logLines: 4, spans: 5 }),
    ...changes,
  })
  made.push(metrics)
  return metrics
}
const parse = (metrics: Metrics) => parsePrometheusText(formatPrometheus(metrics.snapshot()))

afterEach(() => {
  for (const metrics of made.splice(0)) metrics.close()
})

describe('one successful request', () => {
  const observed = () => {
    const metrics = makeMetrics()
    metrics.observe(makeRequestRecord())
    return parse(metrics)
  }

  it.each([
    [
      'gen_ai_client_operation_duration_seconds_sum',
      { gen_ai_request_model: 'fast', gen_ai_system: 'openai' },
      0.8,
    ],
    ['gen_ai_client_token_usage_sum', { gen_ai_token_type: 'input' }, 120],
    ['gen_ai_client_token_usage_sum', { gen_ai_token_type: 'output' }, 50],
    ['gen_ai_server_time_to_first_token_seconds_sum', { gen_ai_request_model: 'fast' }, 0.3],
    ['gen_ai_client_tokens_per_second_sum', { gen_ai_system: 'openai' }, 100],
    ['gateway_request_total', { model: 'fast', status: '200' }, 1],
    ['gateway_routing_decision_duration_seconds_sum', { strategy: 'simple-shuffle', model: 'fast' }, 0.0002],
    ['gateway_routing_strategy_usage_total', { strategy: 'simple-shuffle', outcome: 'success' }, 1],
    ['gateway_routing_selection_total', { strategy: 'simple-shuffle', model: 'fast' }, 1],
    ['gateway_cost_total_usd_total', { model: 'fast', team: 'red', user: 'ann' }, 0.002],
    ['gateway_cost_per_request_usd_count', { model: 'fast' }, 1],
    ['gateway_tokens_total', { model: 'fast', team: 'red', direction: 'input' }, 120],
    ['gateway_tokens_total', { model: 'fast', team: 'red', direction: 'output' }, 50],
    ['gateway_cost_errors_total', { model: 'fast' }, 0],
  ])('shows in %s %j', (name, labels, value) => {
    expect(observed().read(name, labels)).toBeCloseTo(value, 9)
  })

  it('shows in the cost of 1000 tokens', () => {
    expect(observed().read('routeiq_routing_cost_per_1k_tokens_usd_sum')).toBeCloseTo((0.002 / 170) * 1000, 9)
  })

  it('counts no error', () => {
    expect(observed().read('gateway_request_error_total')).toBeUndefined()
  })
})

describe('other requests', () => {
  it('count errors by type, and unknown models together', () => {
    const metrics = makeMetrics()
    const refused = {
      status: 400,
      errorType: 'invalid_request_error',
      target: null,
      usage: null,
      strategy: null,
    }
    metrics.observe(makeRequestRecord({ ...refused, group: null, requestedModel: 'made-up-1' }))
    metrics.observe(makeRequestRecord({ ...refused, group: null, requestedModel: 'made-up-2' }))
    const { read, samples } = parse(metrics)
    expect(read('gateway_request_error_total', { model: 'other', error_type: 'invalid_request_error' })).toBe(
      2,
    )
    expect(JSON.stringify(samples)).not.toContain('made-up')
  })

  it('count usage without a price as a cost error', () => {
    const metrics = makeMetrics()
    metrics.observe(makeRequestRecord({ costPico: null }))
    expect(parse(metrics).read('gateway_cost_errors_total')).toBe(1)
    expect(parse(metrics).read('gateway_cost_per_request_usd_count')).toBe(0)
  })

  it('count the outcome of the strategy', () => {
    const metrics = makeMetrics()
    metrics.observe(makeRequestRecord({ strategyFellBack: true }))
    metrics.observe(makeRequestRecord({ status: 500 }))
    const { read } = parse(metrics)
    expect(read('gateway_routing_strategy_usage_total', { outcome: 'fallback' })).toBe(1)
    expect(read('gateway_routing_strategy_usage_total', { outcome: 'error' })).toBe(1)
  })

  it('are left out when they are no model requests', () => {
    const metrics = makeMetrics()
    metrics.observe(makeRequestRecord({ operation: null }))
    expect(parse(metrics).read('gateway_request_total')).toBeUndefined()
  })

  it('measure speed of a plain answer by the time of the provider', () => {
    const metrics = makeMetrics()
    metrics.observe(makeRequestRecord({ stream: false, upstreamMs: 500 }))
    const { read } = parse(metrics)
    expect(read('gen_ai_client_tokens_per_second_sum')).toBe(100)
    expect(read('gen_ai_server_time_to_first_token_seconds_count')).toBe(0)
  })
})

describe('requests of one deployment', () => {
  const notes = () => ({ judgedAt: null, isClean: false, series: null })
  const targetOf = (provider: string, of: ReturnType<typeof notes>) => ({
    deploymentId: 'd1',
    provider,
    upstreamModel: 'gpt-4o',
    apiBase: 'https://api.openai.com/v1',
    notes: of,
  })
  const read = (metrics: Metrics, labels: Record<string, string>) =>
    parse(metrics).read('gen_ai_client_operation_duration_seconds_count', labels)

  it('are counted where they are told of, whoever counted before', () => {
    const target = targetOf('openai', notes())
    const [first, second] = [makeMetrics(), makeMetrics()]
    for (const metrics of [first, second, second, first, second])
      metrics.observe(makeRequestRecord({ target }))
    expect([read(first, {}), read(second, {})]).toEqual([2, 3])
  })

  it('are counted by each label as it was, when labels come and go', () => {
    const metrics = makeMetrics()
    const kept = notes()
    const callers = ['ann', 'bob', null].map((userId) => ({ ...makeRequestRecord().caller, userId }))
    for (const caller of [...callers, ...callers])
      for (const provider of ['openai', 'azure', 'openai'])
        for (const status of [200, 500])
          metrics.observe(makeRequestRecord({ target: targetOf(provider, kept), status, caller }))
    expect(read(metrics, { gen_ai_system: 'openai' })).toBe(24)
    expect(read(metrics, { gen_ai_system: 'azure' })).toBe(12)
    const parsed = parse(metrics)
    for (const status of ['200', '500']) expect(parsed.read('gateway_request_total', { status })).toBe(18)
    for (const user of ['ann', 'bob', 'none'])
      expect(parsed.read('gateway_cost_total_usd_total', { user })).toBeCloseTo(0.024, 9)
    expect(parsed.read('gateway_tokens_total', { direction: 'input' })).toBe(36 * 120)
  })

  it('keep what was counted when the registry takes more room', () => {
    const metrics = makeMetrics()
    for (let round = 0; round < 2; round++)
      for (let at = 0; at < 200; at++) metrics.observe(makeRequestRecord({ group: `m${at}` }))
    const { samples } = parse(metrics)
    const counts = samples.filter(({ name }) => name === 'gen_ai_client_operation_duration_seconds_count')
    expect(counts.map(({ value }) => value)).toEqual(Array(200).fill(2))
  })
})

describe('the state of the gateway', () => {
  it('shows requests in progress', () => {
    const metrics = makeMetrics({ litellm: { trackEndUsers: true } })
    const group = { name: 'fast', inProgress: null }
    metrics.active.enter(group)
    metrics.active.leave(metrics.active.enter(group))
    metrics.active.enter({ name: 'fast', inProgress: null })
    metrics.backpressure.active.set(7)
    const { read } = parse(metrics)
    expect(read('gateway_request_active', { model: 'fast' })).toBe(2)
    expect(read('litellm_in_flight_requests')).toBe(2)
    expect(read('gateway_backpressure_active_requests')).toBe(7)
  })

  it('shows rejections and losses', () => {
    const metrics = makeMetrics()
    metrics.backpressure.reject('draining')
    const { read } = parse(metrics)
    expect(read('gateway_backpressure_rejections_total', { reason: 'draining' })).toBe(1)
    expect(read('gateway_backpressure_rejections_total', { reason: 'over_capacity' })).toBe(0)
    expect(read('routeiq_telemetry_records_dropped_total')).toBe(3)
    expect(read('routeiq_log_lines_dropped_total')).toBe(4)
  })

  it('shows one state of a breaker and counts real changes', () => {
    const metrics = makeMetrics()
    for (const state of ['closed', 'open', 'open', 'half_open', 'open'] as const)
      metrics.breakers.setState('redis', state)
    const { read } = parse(metrics)
    const states = ['closed', 'open', 'half_open'].map((state) =>
      read('gateway_circuit_breaker_state', { state }),
    )
    expect(states).toEqual([0, 1, 0])
    const transition = (from_state: string, to_state: string) =>
      read('gateway_circuit_breaker_transitions_total', { breaker: 'redis', from_state, to_state })
    expect(transition('closed', 'open')).toBe(1)
    expect(transition('half_open', 'open')).toBe(1)
    expect(transition('open', 'open')).toBeUndefined()
  })

  it('shows the process', () => {
    const { read, samples } = parse(makeMetrics())
    expect(read('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(read('process_resident_memory_bytes')).toBeGreaterThan(1e6)
    expect(read('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e5)
    expect(read('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
    expect(read('process_start_time_seconds')).toBeLessThan(1_700_000_000)
    expect(samples.some((sample) => sample.name === 'nodejs_active_resources')).toBe(true)
  })

  it('stays small whatever callers invent', () => {
    const metrics = makeMetrics({ litellm: { trackEndUsers: true }, cap: 20 })
    for (let index = 0; index < 2000; index++) {
      const caller = {
        ...makeRequestRecord().caller,
        userId: `u${index}`,
        teamId: `t${index}`,
        keyHash: `k${index}`,
      }
      metrics.observe(
        makeRequestRecord({ caller, endUser: `e${index}`, requestedModel: `m${index}`, group: `m${index}` }),
      )
    }
    const { samples } = parse(metrics)
    const counted = samples.filter((sample) => !/_(bucket|sum|count)$/.test(sample.name))
    const largest = Math.max(...Object.values(countByName(counted)))
    expect(largest).toBeLessThanOrEqual(20 * 13)
    const total = counted.filter((sample) => sample.name === 'gateway_request_total')
    expect(total.reduce((sum, sample) => sum + sample.value, 0)).toBe(2000)
  })
})

function countByName(samples: readonly { readonly name: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { name } of samples) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
