const blockNumbers = 4_096

/** Where the numbers of a series are: so many of `numbers`, from this one on, all 0 at first. */
export interface NumberPlace {
  readonly numbers: Float64Array
  readonly from: number
}

/**
 * Gives series room for their numbers side by side, in the order in which they are bound. Those a request counts into were
 * bound by one request, so that they are near to each other in memory, which arrays of their own would not be.
 */
export class NumberSpace {
  #numbers = new Float64Array(blockNumbers)
  #taken = 0

  /** `count` must not exceed 4,096. */
  take(count: number): NumberPlace {
    if (this.#taken + count > blockNumbers) {
      this.#numbers = new Float64Array(blockNumbers)
      this.#taken = 0
    }
    const from = this.#taken
    this.#taken += count
    return { numbers: this.#numbers, from }
  }
}
