/** A number that only grows. */
export class Counter {
  value = 0

  /** `amount` must not be negative. */
  add(amount = 1): void {
    this.value += amount
  }
}
