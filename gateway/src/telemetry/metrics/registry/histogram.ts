/** Counts of observations by size. `bounds` are the inclusive upper limits, ascending, without infinity. */
export class Histogram {
  readonly bounds: readonly number[]
  /** Observations per bucket, not cumulative, then what exceeds every bound, then their sum: side by side in memory. */
  readonly #numbers: number[]

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    // A fraction first, so that the array is made for fractions from the start.
    this.#numbers = new Array<number>(bounds.length + 2).fill(0.5).fill(0)
  }

  get counts(): readonly number[] {
    return this.#numbers.slice(0, -1)
  }

  get sum(): number {
    return this.#numbers.at(-1) ?? 0
  }

  observe(value: number): void {
    const { bounds } = this
    const numbers = this.#numbers
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1
    numbers[bucket] = (numbers[bucket] ?? 0) + 1
    const last = numbers.length - 1
    numbers[last] = (numbers[last] ?? 0) + value
  }
}
