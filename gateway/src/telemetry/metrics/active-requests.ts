import { routeiqMetrics } from './names.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Registry } from './registry/registry.ts'
import { SeriesCache } from './registry/series-cache.ts'

/** A model group whose requests are counted. */
export interface CountedGroup {
  readonly name: string
  /** Its requests in progress; null before the first, which spares the others a look-up among thousands. */
  inProgress: Gauge | null
}

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

  enter(group: CountedGroup): Gauge {
    this.#total += 1
    group.inProgress ??= this.#models.get(group.name)
    group.inProgress.add(1)
    return group.inProgress
  }

  leave(gauge: Gauge): void {
    this.#total -= 1
    gauge.add(-1)
  }
}
