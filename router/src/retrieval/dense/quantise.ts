/** A vector as int8 and the factor that gives its true values back. */
export interface QuantisedVector {
  readonly values: Int8Array
  /** 0 for the vector of zeros. */
  readonly scale: number
}

export function quantise(vector: Float32Array): QuantisedVector {
  let greatest = 0
  for (let column = 0; column < vector.length; column++) {
    greatest = Math.max(greatest, Math.abs(vector[column] as number))
  }
  const values = new Int8Array(vector.length)
  if (greatest === 0) return { values, scale: 0 }
  const scale = greatest / 127
  for (let column = 0; column < vector.length; column++) {
    values[column] = Math.round((vector[column] as number) / scale)
  }
  return { values, scale }
}
