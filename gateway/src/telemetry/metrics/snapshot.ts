import type { Aggregation } from './registry/definition.ts'

export interface HistogramValue {
  /** Per bucket, not cumulative, the overflow last. */
  readonly counts: readonly number[]
  readonly sum: number
}

export interface SeriesSnapshot {
  readonly labels: readonly string[]
  readonly value: number | HistogramValue
}

export interface FamilySnapshot {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly aggregation: Aggregation
  readonly labelNames: readonly string[]
  /** Empty unless the type is histogram. */
  readonly bounds: readonly number[]
  readonly series: readonly SeriesSnapshot[]
}

/** All metrics of a process as plain data that survives JSON and `process.send`. */
export type MetricsSnapshot = readonly FamilySnapshot[]

/** The metrics of several processes as if they were one. Families are matched by name, series by labels. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const families = new Map<string, FamilySnapshot>()
  for (const family of snapshots.flat()) {
    const merged = families.get(family.name)
    families.set(family.name, merged ? mergeFamilies(merged, family) : family)
  }
  return [...families.values()]
}

function mergeFamilies(left: FamilySnapshot, right: FamilySnapshot): FamilySnapshot {
  const series = new Map(left.series.map((item) => [item.labels.join('\0'), item]))
  for (const item of right.series) {
    const key = item.labels.join('\0')
    const known = series.get(key)
    series.set(
      key,
      known ? { labels: item.labels, value: mergeValues(known.value, item.value, left.aggregation) } : item,
    )
  }
  return { ...left, series: [...series.values()] }
}

function mergeValues(
  left: number | HistogramValue,
  right: number | HistogramValue,
  aggregation: Aggregation,
): number | HistogramValue {
  if (typeof left === 'number' && typeof right === 'number') return combine[aggregation](left, right)
  if (typeof left === 'number' || typeof right === 'number') return left
  const counts = left.counts.map((count, index) => count + (right.counts[index] ?? 0))
  return { counts, sum: left.sum + right.sum }
}

const combine: Readonly<Record<Aggregation, (left: number, right: number) => number>> = {
  sum: (left, right) => left + right,
  max: Math.max,
  min: Math.min,
}
