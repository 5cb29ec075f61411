import type { NumberPlace } from './number-space.ts'

/** Numbers a histogram with these bounds needs: their sum, one for each bucket, and one for what exceeds every bound. */
export const numbersOf = (bounds: readonly number[]): number => bounds.length + 2

/** Counts of observations by size. `bounds` are the inclusive upper limits, ascending, without infinity. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly #numbers: Float64Array
  readonly #sum: number
  readonly #first: number

  /** @param place for as many numbers as `numbersOf` says */
  constructor(bounds: readonly number[], { numbers, from }: NumberPlace) {
    this.bounds = bounds
    this.#numbers = numbers
    this.#sum = from
    this.#first = from + 1
  }

  /** Observations per bucket, not cumulative, then what exceeds every bound. */
  get counts(): readonly number[] {
    return [...this.#numbers.subarray(this.#first, this.#first + this.bounds.length + 1)]
  }

  get sum(): number {
    return this.#numbers[this.#sum] ?? 0
  }

  observe(value: number): void {
    const { bounds } = this
    const numbers = this.#numbers
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1
    const at = this.#first + bucket
    numbers[at] = (numbers[at] ?? 0) + 1
    numbers[this.#sum] = (numbers[this.#sum] ?? 0) + value
  }
}
