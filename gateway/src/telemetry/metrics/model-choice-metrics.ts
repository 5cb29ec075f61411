import { routeiqMetrics } from './names.ts'
import type { Counter } from './registry/counter.ts'
import type { Family } from './registry/family.ts'
import type { Gauge } from './registry/gauge.ts'
import type { Histogram } from './registry/histogram.ts'
import type { Registry } from './registry/registry.ts'

/** What is counted of a request whose model was chosen. */
interface ObservedChoice {
  readonly isNovel: boolean
  readonly explored: boolean
  /** What became of the model the conversation was on. */
  readonly affinity: string
  /** Utility of the best candidate less that of the chosen one. */
  readonly regret: number
}

/** What choosing models is watched by. */
export class ModelChoiceMetrics {
  readonly #novel: Counter
  readonly #explored: Counter
  readonly #regret: Histogram
  readonly #calibration: Gauge
  readonly #brokenPromises: Gauge
  readonly #affinity: Family<Counter>
  readonly #feedback: Family<Counter>
  readonly #drift: Family<Counter>

  constructor(registry: Registry) {
    this.#novel = registry.counter(routeiqMetrics.routingNovel).bind()
    this.#explored = registry.counter(routeiqMetrics.routingExplored).bind()
    this.#regret = registry.histogram(routeiqMetrics.routingRegret).bind()
    this.#brokenPromises = registry.gauge(routeiqMetrics.routingBrokenPromises).bind()
    this.#calibration = registry.gauge(routeiqMetrics.routingCalibration).bind()
    this.#affinity = registry.counter(routeiqMetrics.routingAffinity)
    this.#feedback = registry.counter(routeiqMetrics.routingFeedback)
    this.#drift = registry.counter(routeiqMetrics.routingDrift)
  }

  observe({ isNovel, explored, affinity, regret }: ObservedChoice): void {
    if (isNovel) this.#novel.add()
    if (explored) this.#explored.add()
    this.#affinity.bind(affinity).add()
    this.#regret.observe(regret)
  }

  countFeedback(source: string): void {
    this.#feedback.bind(source).add()
  }

  countDrift(model: string): void {
    this.#drift.bind(model).add()
  }

  setBrokenPromises(count: number): void {
    this.#brokenPromises.value = count
  }

  setCalibrationError(error: number): void {
    this.#calibration.value = error
  }
}
