/**
 * Ridge regressions of many arms on the same contexts, as sums that add up over processes: A = I + Σ w·zzᵀ, b = Σ w·y·z. Asked
 * after `solve`, which inverts each A by Cholesky's decomposition.
 */
export class LinearArms {
  /** Arms × size × size, without the identity. */
  readonly outer: Float64Array
  /** Arms × size. */
  readonly rewards: Float64Array
  readonly #arms: number
  readonly #size: number
  readonly #inverse: Float64Array
  readonly #weights: Float64Array

  constructor(arms: number, size: number) {
    this.#arms = arms
    this.#size = size
    this.outer = new Float64Array(arms * size * size)
    this.rewards = new Float64Array(arms * size)
    this.#inverse = new Float64Array(arms * size * size)
    this.#weights = new Float64Array(arms * size)
  }

  set(outer: ArrayLike<number>, rewards: ArrayLike<number>): void {
    this.outer.set(outer)
    this.rewards.set(rewards)
  }

  add(arm: number, context: Float64Array, weight: number, reward: number): void {
    const size = this.#size
    const from = arm * size * size
    for (let row = 0; row < size; row++) {
      const value = weight * (context[row] as number)
      this.rewards[arm * size + row] = (this.rewards[arm * size + row] as number) + value * reward
      for (let column = 0; column < size; column++) {
        const at = from + row * size + column
        this.outer[at] = (this.outer[at] as number) + value * (context[column] as number)
      }
    }
  }

  solve(): void {
    const size = this.#size
    for (let arm = 0; arm < this.#arms; arm++) {
      const own = this.#inverse.subarray(arm * size * size, (arm + 1) * size * size)
      own.set(this.outer.subarray(arm * size * size, (arm + 1) * size * size))
      for (let at = 0; at < size; at++) own[at * size + at] = (own[at * size + at] as number) + 1
      invert(own, size)
      for (let row = 0; row < size; row++) {
        let sum = 0
        for (let column = 0; column < size; column++)
          sum += (own[row * size + column] as number) * (this.rewards[arm * size + column] as number)
        this.#weights[arm * size + row] = sum
      }
    }
  }

  /** θᵀz + optimism · √(zᵀA⁻¹z). */
  estimate(arm: number, context: Float64Array, optimism: number): number {
    const size = this.#size
    let mean = 0
    let spread = 0
    for (let row = 0; row < size; row++) {
      const value = context[row] as number
      mean += value * (this.#weights[arm * size + row] as number)
      if (optimism === 0) continue
      const from = arm * size * size + row * size
      let sum = 0
      for (let column = 0; column < size; column++)
        sum += (this.#inverse[from + column] as number) * (context[column] as number)
      spread += value * sum
    }
    return mean + optimism * Math.sqrt(Math.max(0, spread))
  }
}

/** A symmetric positive matrix becomes its inverse, in place. */
function invert(matrix: Float64Array, size: number): void {
  const lower = new Float64Array(size * size)
  for (let row = 0; row < size; row++)
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column] as number
      for (let inner = 0; inner < column; inner++)
        sum -= (lower[row * size + inner] as number) * (lower[column * size + inner] as number)
      lower[row * size + column] =
        row === column ? Math.sqrt(Math.max(1e-12, sum)) : sum / (lower[column * size + column] as number)
    }
  const column = new Float64Array(size)
  for (let unit = 0; unit < size; unit++) {
    for (let row = 0; row < size; row++) {
      let sum = row === unit ? 1 : 0
      for (let inner = 0; inner < row; inner++)
        sum -= (lower[row * size + inner] as number) * (column[inner] as number)
      column[row] = sum / (lower[row * size + row] as number)
    }
    for (let row = size - 1; row >= 0; row--) {
      let sum = column[row] as number
      for (let inner = row + 1; inner < size; inner++)
        sum -= (lower[inner * size + row] as number) * (column[inner] as number)
      column[row] = sum / (lower[row * size + row] as number)
    }
    for (let row = 0; row < size; row++) matrix[row * size + unit] = column[row] as number
  }
}
