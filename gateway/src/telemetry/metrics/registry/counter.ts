import type { NumberSpace } from './number-space.ts'

/** A number that only grows. */
export class Counter {
  /** Where it is in the space. */
  readonly at: number
  readonly #space: NumberSpace

  constructor(space: NumberSpace) {
    this.#space = space
    this.at = space.take(1)
  }

  get value(): number {
    return this.#space.numbers[this.at] ?? 0
  }

  set value(value: number) {
    this.#space.numbers[this.at] = value
  }

  /** `amount` must not be negative. */
  add(amount = 1): void {
    this.#space.add(this.at, amount)
  }
}
