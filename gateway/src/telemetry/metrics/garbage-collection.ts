import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import type { Family } from './registry/family.ts'
import type { Histogram } from './registry/histogram.ts'

const kinds: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak_callback'],
])

/** Counts the pauses of the collector, in seconds by kind, until the returned function is called. */
export function watchGarbageCollection(family: Family<Histogram>): () => void {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) family.bind(readKind(entry)).observe(entry.duration / 1000)
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => observer.disconnect()
}

function readKind(entry: PerformanceEntry): string {
  const detail: unknown = 'detail' in entry ? entry.detail : null
  const kind = typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : null
  return (typeof kind === 'number' ? kinds.get(kind) : undefined) ?? 'unknown'
}
