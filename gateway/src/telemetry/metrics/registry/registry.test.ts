import { describe, expect, it } from 'vitest'
import { formatPrometheus } from '../format-prometheus.ts'
import { parsePrometheusText } from '../prometheus-text.fixture.ts'
import type { MetricDefinition } from './definition.ts'
import { Registry } from './registry.ts'

const define = (changes: Partial<MetricDefinition> = {}): MetricDefinition => ({
  name: 'things_total',
  help: 'Things.',
  type: 'counter',
  labels: ['kind', 'owner'],
  open: ['owner', 'kind'],
  buckets: [],
  aggregation: 'sum',
  ...changes,
})
const makeRegistry = (cap?: number) =>
  new Registry({
    redactText: (text) => text.replaceAll('secret', '*'),
    ...(cap === undefined ? {} : { cap }),
  })
const parse = (registry: Registry) => parsePrometheusText(formatPrometheus(registry.snapshot()))

describe('Registry', () => {
  it('gives the same series for the same labels', () => {
    const family = makeRegistry().counter(define())
    expect(family.bind('a', 'b')).toBe(family.bind('a', 'b'))
    expect(family.bind('a', 'b')).not.toBe(family.bind('ab', ''))
  })

  it('refuses a name twice', () => {
    const registry = makeRegistry()
    registry.counter(define())
    expect(() => registry.gauge(define())).toThrow('things_total')
  })

  it('shows a metric without labels before its first use', () => {
    const registry = makeRegistry()
    registry.counter(define({ labels: [], open: [] }))
    expect(parse(registry).read('things_total')).toBe(0)
  })

  it('survives any label value and redacts it', () => {
    const registry = makeRegistry()
    registry.counter(define()).bind('a"b\\c', 'line\nend secret').add(2)
    expect(parse(registry).samples).toEqual([
      { name: 'things_total', labels: { kind: 'a"b\\c', owner: 'line\\u000aend *' }, value: 2 },
    ])
  })

  it('replaces one open label after the other beyond the cap, and loses no count', () => {
    const registry = makeRegistry(10)
    const family = registry.counter(define())
    for (let index = 0; index < 1000; index++) family.bind(`k${index % 50}`, `o${index}`).add()
    const { samples } = parse(registry)
    expect(samples.length).toBe(21)
    expect(samples.reduce((sum, sample) => sum + sample.value, 0)).toBe(1000)
    expect(samples.filter((sample) => sample.labels['owner'] === 'other')).toHaveLength(11)
    expect(samples.filter((sample) => sample.labels['kind'] === 'other')).toHaveLength(1)
  })

  it('keeps closed labels when open ones give way', () => {
    const registry = makeRegistry(1)
    const family = registry.counter(define({ open: ['owner'] }))
    for (const owner of ['x', 'y', 'z']) family.bind('closed', owner).add()
    expect(parse(registry).read('things_total', { kind: 'closed', owner: 'other' })).toBe(2)
  })

  it('counts observations at and between the bounds', () => {
    const registry = makeRegistry()
    const series = registry
      .histogram(define({ type: 'histogram', labels: [], open: [], buckets: [1, 4, 16] }))
      .bind()
    for (const value of [0, 1, 1.5, 4, 16, 17, 1e9]) series.observe(value)
    const { read, types } = parse(registry)
    expect(types.get('things_total')).toBe('histogram')
    expect(['1', '4', '16', '+Inf'].map((le) => read('things_total_bucket', { le }))).toEqual([2, 4, 5, 7])
    expect(read('things_total_count')).toBe(7)
    expect(read('things_total_sum')).toBe(1e9 + 39.5)
  })

  it('asks collectors before each snapshot', () => {
    const registry = makeRegistry()
    const gauge = registry.gauge(define({ type: 'gauge', labels: [], open: [] })).bind()
    registry.onCollect(() => gauge.add(1))
    parse(registry)
    expect(parse(registry).read('things_total')).toBe(2)
  })
})
