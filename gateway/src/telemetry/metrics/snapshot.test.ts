import { describe, expect, it } from 'vitest'
import { formatPrometheus } from './format-prometheus.ts'
import { parsePrometheusText } from './prometheus-text.fixture.ts'
import type { Aggregation } from './registry/definition.ts'
import { Registry } from './registry/registry.ts'
import { mergeSnapshots } from './snapshot.ts'

const base = { help: '', labels: ['who'], open: [], buckets: [1, 2], aggregation: 'sum' as Aggregation }

/** A worker that counted, observed and set the same number. */
function snapshotOf(who: string, value: number) {
  const registry = new Registry({ redactText: (text) => text })
  registry
    .counter({ ...base, name: 'count_total', type: 'counter' })
    .bind(who)
    .add(value)
  registry
    .histogram({ ...base, name: 'size', type: 'histogram' })
    .bind('all')
    .observe(value)
  for (const aggregation of ['max', 'min', 'sum'] as const) {
    registry
      .gauge({ ...base, name: `gauge_${aggregation}`, type: 'gauge', aggregation })
      .bind('all')
      .set(value)
  }
  // Workers send their numbers as JSON.
  return JSON.parse(JSON.stringify(registry.snapshot()))
}

describe('mergeSnapshots', () => {
  const merged = mergeSnapshots([snapshotOf('a', 1), snapshotOf('a', 2), snapshotOf('b', 4)])
  const { read, samples } = parsePrometheusText(formatPrometheus(merged))

  it('adds counters by label', () => {
    expect(read('count_total', { who: 'a' })).toBe(3)
    expect(read('count_total', { who: 'b' })).toBe(4)
  })

  it('adds histograms bucket by bucket', () => {
    expect(['1', '2', '+Inf'].map((le) => read('size_bucket', { le }))).toEqual([1, 2, 3])
    expect(read('size_sum')).toBe(7)
  })

  it('combines gauges as their definition says', () => {
    expect([read('gauge_max'), read('gauge_min'), read('gauge_sum')]).toEqual([4, 1, 7])
  })

  it('lists every series once', () => {
    const keys = samples.map((sample) => sample.name + JSON.stringify(sample.labels))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('of one process changes nothing, and of none is empty', () => {
    const one = snapshotOf('a', 5)
    expect(mergeSnapshots([one])).toEqual(one)
    expect(mergeSnapshots([])).toEqual([])
  })
})
