import { describe, expect, it } from 'vitest'
import { formatPrometheus } from './format-prometheus.ts'
import { registerProcessMetrics } from './process-metrics.ts'
import { parsePrometheusText } from './prometheus-text.fixture.ts'
import { Registry } from './registry/registry.ts'

const source = {
  cpuUsage: () => ({ user: 2_000_000, system: 500_000 }),
  memoryUsage: Object.assign(() => ({ rss: 10, heapUsed: 3, heapTotal: 4, external: 5, arrayBuffers: 0 }), {
    rss: () => 10,
  }),
  uptime: () => 60,
  getActiveResourcesInfo: () => ['TCPSocketWrap', 'Timeout', 'TCPSocketWrap'],
}

describe('registerProcessMetrics', () => {
  it('reads the process at each collection', () => {
    const registry = new Registry({ redactText: (text) => text })
    const metrics = registerProcessMetrics(registry, { source, now: () => 100_000 })
    registry.snapshot()
    const { read } = parsePrometheusText(formatPrometheus(registry.snapshot()))
    metrics.close()
    expect(read('process_cpu_seconds_total')).toBe(2.5)
    expect(read('process_resident_memory_bytes')).toBe(10)
    expect(read('process_start_time_seconds')).toBe(40)
    expect(read('nodejs_active_resources', { type: 'TCPSocketWrap' })).toBe(2)
  })

  it('measures how late the event loop was', async () => {
    const registry = new Registry({ redactText: (text) => text })
    let time = 0
    const metrics = registerProcessMetrics(registry, { source, now: () => time })
    await new Promise((resolve) => setTimeout(resolve, 50))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(metrics.eventLoopLagMs()).toBeGreaterThan(100)
    time = 30_000
    metrics.eventLoopLagMs()
    expect(metrics.eventLoopLagMs(), 'the window before still counts').toBeGreaterThan(100)
    time = 60_000
    metrics.eventLoopLagMs()
    expect(metrics.eventLoopLagMs(), 'two windows later it does not').toBeLessThan(100)
    metrics.close()
  })
})
