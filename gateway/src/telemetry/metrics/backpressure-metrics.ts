import { routeiqMetrics } from './names.ts'
import type { Counter } from './registry/counter.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Registry } from './registry/registry.ts'

/** The concurrency slots: how many are taken, and what was refused before any work. */
export class BackpressureMetrics {
  readonly active: Gauge
  readonly #overCapacity: Counter
  readonly #draining: Counter

  constructor(registry: Registry) {
    this.active = registry.gauge(routeiqMetrics.backpressureActive).bind()
    const rejections = registry.counter(routeiqMetrics.backpressureRejections)
    this.#overCapacity = rejections.bind('over_capacity')
    this.#draining = rejections.bind('draining')
  }

  reject(reason: 'over_capacity' | 'draining'): void {
    if (reason === 'draining') this.#draining.add()
    else this.#overCapacity.add()
  }
}
