import { routeiqMetrics } from './names.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

/** Requests in progress per model group. Each `enter` is followed by exactly one `leave` with the same model. */
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

  enter(model: string): void {
    this.#total += 1
    this.#models.get(model).add(1)
  }

  leave(model: string): void {
    this.#total -= 1
    this.#models.get(model).add(-1)
  }
}
