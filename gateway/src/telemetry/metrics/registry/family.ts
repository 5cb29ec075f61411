import { toSingleLine } from '../../single-line.ts'
import type { FamilySnapshot } from '../snapshot.ts'
import type { Counter } from './counter.ts'
import type { MetricDefinition } from './definition.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram } from './histogram.ts'

/** Stands for every label value beyond the cap. */
export const otherLabel = 'other'

const maximumLabelLength = 256

export interface FamilyLimits {
  readonly cap: number
  readonly redactText: (text: string) => string
}

/**
 * All series of one metric. A series is looked up once and then kept by whoever counts into it. When there are too
 * many, the labels named in `definition.open` become `other`, one after the other, each step with its own allowance,
 * so that the number of series stays below (open labels + 1) × cap whatever callers send.
 */
export class Family<Series extends Counter | Gauge | Histogram> {
  readonly definition: MetricDefinition
  readonly #create: () => Series
  readonly #limits: FamilyLimits
  readonly #series = new Map<string, { readonly labels: readonly string[]; readonly series: Series }>()
  readonly #admitted: number[]

  constructor(definition: MetricDefinition, create: () => Series, limits: FamilyLimits) {
    this.definition = definition
    this.#create = create
    this.#limits = limits
    this.#admitted = definition.open.map(() => 0)
    if (definition.labels.length === 0) this.bind()
  }

  /** The series of these label values, in the order of `definition.labels`. Not for each request: keep the answer. */
  bind(...values: readonly string[]): Series {
    let labels = values.map((value) => this.#clean(value))
    for (const [step, name] of this.definition.open.entries()) {
      const known = this.#series.get(labels.join('\0'))
      if (known) return known.series
      const admitted = this.#admitted[step] ?? 0
      if (admitted < this.#limits.cap) {
        this.#admitted[step] = admitted + 1
        return this.#add(labels)
      }
      const shed = this.definition.labels.indexOf(name)
      labels = labels.map((label, index) => (index === shed ? otherLabel : label))
    }
    return this.#series.get(labels.join('\0'))?.series ?? this.#add(labels)
  }

  /** Forgets all series, for gauges that are filled anew at each collection. */
  clear(): void {
    this.#series.clear()
    this.#admitted.fill(0)
  }

  snapshot(): FamilySnapshot {
    const { name, help, type, labels, buckets, aggregation } = this.definition
    const series = [...this.#series.values()].map((item) => ({
      labels: item.labels,
      value: readValue(item.series),
    }))
    return { name, help, type, aggregation, labelNames: labels, bounds: buckets, series }
  }

  /** Redacted before it is cut, so that no half of a secret escapes. */
  #clean(value: string): string {
    return toSingleLine(this.#limits.redactText(value)).slice(0, maximumLabelLength)
  }

  #add(labels: readonly string[]): Series {
    const series = this.#create()
    this.#series.set(labels.join('\0'), { labels, series })
    return series
  }
}

function readValue(series: Counter | Gauge | Histogram): FamilySnapshot['series'][number]['value'] {
  return 'counts' in series ? { counts: series.counts, sum: series.sum } : series.value
}
