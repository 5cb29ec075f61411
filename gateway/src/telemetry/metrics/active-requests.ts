import { routeiqMetrics } from './names.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

/** Requests in progress per model group. Each `enter` is followed by exactly one `leave` with what it gave. */
export class ActiveRequests {
  readonly #models: SeriesCache<Gauge>
  #total = 0

  constructor(registry: Registry) {
    const family = registry.gauge(routeiqMetrics.requestActive)
    this.#models = new SeriesCache((model) => family.bind(model))
  }

  get total(): number {
    return this.#total
  }

  enter(model: string): Gauge {
    this.#total += 1
    const gauge = this.#models.get(model)
    gauge.add(1)
    return gauge
  }

  leave(gauge: Gauge): void {
    this.#total -= 1
    gauge.add(-1)
  }
}
