/** With fewer columns that are mixed with one another, a rotation no longer spreads what a vector says. */
const leastMixed = 32

/**
 * Turns vectors so that what they say is spread over all columns alike, and keeps their products: signs flipped by a
 * fixed draw, then the Walsh-Hadamard transform, in parts of the greatest power of two that divides the dimensions.
 */
export class Rotation {
  readonly #flips: Int32Array
  /** Columns that are mixed. */
  readonly #width: number
  readonly #turned: Int32Array

  private constructor(dimensions: number, width: number) {
    this.#width = width
    this.#turned = new Int32Array(dimensions)
    this.#flips = Int32Array.from({ length: dimensions }, (_, column) => (hash(column) < 0 ? -1 : 1))
  }

  /** Null for dimensions that can only be mixed in small parts. */
  static create(dimensions: number): Rotation | null {
    const width = dimensions & -dimensions
    return width < leastMixed ? null : new Rotation(dimensions, width)
  }

  /**
   * The turned vector that begins at `start` of `values`, longer by a factor that is the same for all; a view that the
   * next call overwrites.
   */
  turn(values: Int8Array, start: number): Int32Array {
    const turned = this.#turned
    for (let column = 0; column < turned.length; column++)
      turned[column] = (values[start + column] as number) * (this.#flips[column] as number)
    mixFours(turned)
    for (let half = 4; half < this.#width; half *= 2) mixHalves(turned, half)
    return turned
  }
}

/** The first two steps at once: loops of one or two rounds cost more than what they do. */
function mixFours(columns: Int32Array): void {
  for (let at = 0; at < columns.length; at += 4) {
    const one = columns[at] as number
    const two = columns[at + 1] as number
    const three = columns[at + 2] as number
    const four = columns[at + 3] as number
    columns[at] = one + two + three + four
    columns[at + 1] = one - two + three - four
    columns[at + 2] = one + two - three - four
    columns[at + 3] = one - two - three + four
  }
}

function mixHalves(columns: Int32Array, half: number): void {
  for (let start = 0; start < columns.length; start += 2 * half) {
    for (let column = start; column < start + half; column++) {
      const one = columns[column] as number
      const other = columns[column + half] as number
      columns[column] = one + other
      columns[column + half] = one - other
    }
  }
}

/** Mixes the bits of a number (Wang); below 0 for half of them. */
function hash(number: number): number {
  const mixed = Math.imul(number ^ 61 ^ (number >>> 16), 9)
  const spread = Math.imul(mixed ^ (mixed >>> 4), 0x27d4eb2d)
  return spread ^ (spread >>> 15)
}
