/** How the values of several processes become one. Counters and histograms always add. */
export type Aggregation = 'sum' | 'max' | 'min'

/** Everything about a metric except its values. Names and labels are what dashboards query: they never change. */
export interface MetricDefinition {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** Labels whose values come from callers or configuration, in the order in which they give way to `other`. */
  readonly open: readonly string[]
  /** Inclusive upper bounds of a histogram. */
  readonly buckets: readonly number[]
  readonly aggregation: Aggregation
}
