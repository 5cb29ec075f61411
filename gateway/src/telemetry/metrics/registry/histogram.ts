import type { NumberSpace } from './number-space.ts'

/** Counts of observations by size. `bounds` are the inclusive upper limits, ascending, without infinity. */
export class Histogram {
  readonly bounds: readonly number[]
  /** Where it is in the space: its sum, and then its counts. */
  readonly at: number
  readonly #space: NumberSpace

  constructor(bounds: readonly number[], space: NumberSpace) {
    this.bounds = bounds
    this.#space = space
    this.at = space.take(bounds.length + 2)
  }

  /** Observations per bucket, not cumulative, then what exceeds every bound. */
  get counts(): readonly number[] {
    const first = this.at + 1
    return [...this.#space.numbers.subarray(first, first + this.bounds.length + 1)]
  }

  get sum(): number {
    return this.#space.numbers[this.at] ?? 0
  }

  observe(value: number): void {
    this.#space.observe(this.at, this.bounds, value)
  }
}
