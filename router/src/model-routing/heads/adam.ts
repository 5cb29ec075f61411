const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]

/**
 * A matrix that learns by Adam (Kingma and Ba, 2015). Gradients are added up by row, and only rows that were touched move: a
 * batch of asks touches few of the words.
 */
export class AdamMatrix {
  readonly values: Float64Array
  readonly columns: number
  readonly #gradient: Float64Array
  readonly #first: Float64Array
  readonly #second: Float64Array
  readonly #isTouched: Uint8Array
  readonly #touched: number[] = []
  #steps = 0

  constructor(values: Float64Array, columns: number) {
    this.values = values
    this.columns = columns
    this.#gradient = new Float64Array(values.length)
    this.#first = new Float64Array(values.length)
    this.#second = new Float64Array(values.length)
    this.#isTouched = new Uint8Array(values.length / columns)
  }

  /** Adds `scale · direction` to the gradient of a row. */
  push(row: number, direction: ArrayLike<number>, scale: number): void {
    if (this.#isTouched[row] === 0) {
      this.#isTouched[row] = 1
      this.#touched.push(row)
    }
    const from = row * this.columns
    for (let column = 0; column < this.columns; column++)
      this.#gradient[from + column] =
        (this.#gradient[from + column] as number) + scale * (direction[column] as number)
  }

  /** Moves the touched rows against their gradient, and forgets it. `decay` draws them to 0. */
  step(rate: number, decay: number): void {
    this.#steps++
    const correct1 = 1 - beta1 ** this.#steps
    const correct2 = 1 - beta2 ** this.#steps
    for (const row of this.#touched) {
      this.#isTouched[row] = 0
      for (let at = row * this.columns; at < (row + 1) * this.columns; at++) {
        const slope = this.#gradient[at] as number
        this.#gradient[at] = 0
        const first = beta1 * (this.#first[at] as number) + (1 - beta1) * slope
        const second = beta2 * (this.#second[at] as number) + (1 - beta2) * slope * slope
        this.#first[at] = first
        this.#second[at] = second
        const value = this.values[at] as number
        this.values[at] =
          value - rate * (first / correct1 / (Math.sqrt(second / correct2) + epsilon) + decay * value)
      }
    }
    this.#touched.length = 0
  }
}
