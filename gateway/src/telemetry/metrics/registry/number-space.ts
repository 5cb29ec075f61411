const firstLength = 4_096

/**
 * The numbers of all series of a registry in one array, side by side in the order in which the series are bound. Those that a
 * request counts into were bound by one request, so that they are near to each other in memory, which numbers in objects of
 * their own would not be.
 */
export class NumberSpace {
  #numbers = new Float64Array(firstLength)
  #taken = 0

  /** Another one once more room is taken, so that nobody may keep it. */
  get numbers(): Float64Array {
    return this.#numbers
  }

  /** Room for so many numbers, all 0 at first; gives the index of the first. */
  take(count: number): number {
    const at = this.#taken
    this.#taken += count
    if (this.#taken > this.#numbers.length) this.#grow()
    return at
  }

  /** Adds to the number at an index that was given. */
  add(at: number, amount: number): void {
    const numbers = this.#numbers
    numbers[at] = (numbers[at] ?? 0) + amount
  }

  /** Counts a value into the histogram of these bounds whose numbers begin at this index. */
  observe(at: number, bounds: readonly number[], value: number): void {
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1
    this.add(at, value)
    this.add(at + 1 + bucket, 1)
  }

  #grow(): void {
    const grown = new Float64Array(Math.max(this.#numbers.length * 2, this.#taken))
    grown.set(this.#numbers)
    this.#numbers = grown
  }
}
