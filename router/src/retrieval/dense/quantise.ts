/** A vector as int8 and the factor that gives its true values back. */
export interface QuantisedVector {
  readonly values: Int8Array
  /** 0 for the vector of zeros. */
  readonly scale: number
}

export function quantise(vector: Float32Array): QuantisedVector {
  let greatest = 0
  for (const value of vector) greatest = Math.max(greatest, Math.abs(value))
  if (greatest === 0) return { values: new Int8Array(vector.length), scale: 0 }
  const scale = greatest / 127
  return { values: Int8Array.from(vector, (value) => Math.round(value / scale)), scale }
}
