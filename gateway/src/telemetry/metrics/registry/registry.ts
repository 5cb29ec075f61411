import type { MetricsSnapshot } from '../snapshot.ts'
import { Counter } from './counter.ts'
import type { MetricDefinition } from './definition.ts'
import { Family, type FamilyLimits } from './family.ts'
import { Gauge } from './gauge.ts'
import { Histogram } from './histogram.ts'
import { NumberSpace } from './number-space.ts'

export interface RegistryOptions {
  /** Bounds the series of each metric that has open labels; 1000 unless given. */
  readonly cap?: number
  /** Applied to every label value when its series is made. */
  readonly redactText: (text: string) => string
}

const defaultCap = 1000

/** The metrics of one process. */
export class Registry {
  /** Of its counters and histograms. */
  readonly space = new NumberSpace()
  readonly #limits: FamilyLimits
  readonly #families: Family<Counter | Gauge | Histogram>[] = []
  readonly #collectors: (() => void)[] = []

  constructor(options: RegistryOptions) {
    this.#limits = { cap: options.cap ?? defaultCap, redactText: options.redactText }
  }

  counter(definition: MetricDefinition): Family<Counter> {
    return this.#register(new Family(definition, () => new Counter(this.space), this.#limits))
  }

  gauge(definition: MetricDefinition): Family<Gauge> {
    return this.#register(new Family(definition, () => new Gauge(), this.#limits))
  }

  histogram(definition: MetricDefinition): Family<Histogram> {
    const create = () => new Histogram(definition.buckets, this.space)
    return this.#register(new Family(definition, create, this.#limits))
  }

  /** Runs before each snapshot, for values that are read rather than counted. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect)
  }

  snapshot(): MetricsSnapshot {
    for (const collect of this.#collectors) collect()
    return this.#families.map((family) => family.snapshot())
  }

  #register<Series extends Counter | Gauge | Histogram>(family: Family<Series>): Family<Series> {
    if (this.#families.some((known) => known.definition.name === family.definition.name)) {
      throw new Error(`The metric ${family.definition.name} is registered twice.`)
    }
    this.#families.push(family)
    return family
  }
}
