/** Counts of observations by size. `bounds` are the inclusive upper limits, ascending, without infinity. */
export class Histogram {
  readonly bounds: readonly number[]
  /** Observations per bucket, not cumulative; the last is what exceeds every bound. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1
    counts[bucket] = (counts[bucket] ?? 0) + 1
    this.sum += value
  }
}
