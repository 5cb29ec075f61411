import { monitorEventLoopDelay } from 'node:perf_hooks'
import { watchGarbageCollection } from './garbage-collection.ts'
import { processMetrics as names } from './names.ts'
import type { Family } from './registry/family.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Registry } from './registry/registry.ts'

/** The part of `process` that is read. */
export type ProcessSource = Pick<
  NodeJS.Process,
  'cpuUsage' | 'memoryUsage' | 'uptime' | 'getActiveResourcesInfo'
>

export interface ProcessMetrics {
  /** Milliseconds by which the event loop was late, 99th percentile of the last half minute or more. */
  readonly eventLoopLagMs: () => number
  readonly close: () => void
}

export interface ProcessMetricsOptions {
  readonly source: ProcessSource
  /** Epoch milliseconds. */
  readonly now: () => number
}

const samplingMs = 20
const windowMs = 30_000

/** Adds the metrics of this process to the registry. */
export function registerProcessMetrics(
  registry: Registry,
  { source, now }: ProcessMetricsOptions,
): ProcessMetrics {
  const lag = watchEventLoop(now)
  const stopGarbageCollection = watchGarbageCollection(registry.histogram(names.garbageCollection))
  registerCpu(registry, source)
  registerMemory(registry, source)
  registry
    .gauge(names.startTime)
    .bind()
    .set(now() / 1000 - source.uptime())
  const lagGauge = registry.gauge(names.eventLoopLag).bind()
  registry.onCollect(() => lagGauge.set(lag.read() / 1000))
  const resources = registry.gauge(names.activeResources)
  registry.onCollect(() => countResources(resources, source))
  return {
    eventLoopLagMs: lag.read,
    close: () => {
      lag.close()
      stopGarbageCollection()
    },
  }
}

function watchEventLoop(now: () => number): { read: () => number; close: () => void } {
  const histogram = monitorEventLoopDelay({ resolution: samplingMs })
  histogram.enable()
  let startedAt = now()
  let previous = 0
  const read = (): number => {
    // Node measures the whole distance between two samples, the wanted one included.
    const current = histogram.count === 0 ? 0 : Math.max(0, histogram.percentile(99) / 1e6 - samplingMs)
    const worst = Math.max(current, previous)
    if (now() - startedAt >= windowMs) {
      previous = current
      startedAt = now()
      histogram.reset()
    }
    return worst
  }
  return { read, close: () => histogram.disable() }
}

function registerCpu(registry: Registry, source: ProcessSource): void {
  const user = registry.counter(names.cpuUser).bind()
  const system = registry.counter(names.cpuSystem).bind()
  const total = registry.counter(names.cpu).bind()
  registry.onCollect(() => {
    const usage = source.cpuUsage()
    user.value = usage.user / 1e6
    system.value = usage.system / 1e6
    total.value = user.value + system.value
  })
}

function registerMemory(registry: Registry, source: ProcessSource): void {
  const resident = registry.gauge(names.residentMemory).bind()
  const heapUsed = registry.gauge(names.heapUsed).bind()
  const heapTotal = registry.gauge(names.heapTotal).bind()
  const external = registry.gauge(names.externalMemory).bind()
  registry.onCollect(() => {
    const usage = source.memoryUsage()
    resident.set(usage.rss)
    heapUsed.set(usage.heapUsed)
    heapTotal.set(usage.heapTotal)
    external.set(usage.external)
  })
}

function countResources(family: Family<Gauge>, source: ProcessSource): void {
  family.clear()
  for (const type of source.getActiveResourcesInfo()) family.bind(type).add(1)
}
