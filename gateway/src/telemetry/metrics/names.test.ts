import { describe, expect, it } from 'vitest'
import { litellmMetrics, processMetrics, routeiqMetrics } from './names.ts'

const all = [routeiqMetrics, litellmMetrics, processMetrics].flatMap((set) => Object.values(set))

describe('metric names', () => {
  it('are unique and valid', () => {
    expect(new Set(all.map((metric) => metric.name)).size).toBe(all.length)
    for (const { name, labels } of all) {
      expect(name).toMatch(/^[a-z_][a-z0-9_]*$/)
      for (const label of labels) expect(label).toMatch(/^[a-z_][a-z0-9_]*$/)
    }
  })

  it('end in _total exactly for counters', () => {
    for (const { name, type } of all) expect(name.endsWith('_total'), name).toBe(type === 'counter')
  })

  it('have ascending buckets exactly for histograms', () => {
    for (const { name, type, buckets } of all) {
      expect(buckets.length > 0, name).toBe(type === 'histogram')
      expect(buckets.every((bound, index) => index === 0 || bound > (buckets[index - 1] ?? 0))).toBe(true)
    }
  })

  it('bound the labels that callers fill', () => {
    const filledByCallers = [
      'model',
      'user',
      'team',
      'end_user',
      'requested_model',
      'api_key_alias',
      'hashed_api_key',
    ]
    for (const { name, labels, open } of all) {
      for (const label of open) expect(labels, name).toContain(label)
      for (const label of labels.filter((each) => filledByCallers.includes(each)))
        expect(open, name).toContain(label)
    }
  })

  it('have the documented bucket limits', () => {
    expect(routeiqMetrics.operationDuration.buckets.at(0)).toBe(0.01)
    expect(routeiqMetrics.operationDuration.buckets.at(-1)).toBe(81.92)
    expect(routeiqMetrics.timeToFirstToken.buckets.at(-1)).toBe(20.48)
    expect(routeiqMetrics.tokenUsage.buckets.at(-1)).toBe(4_194_304)
  })
})
