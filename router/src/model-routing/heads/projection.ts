import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { gaussians } from '../training/random.ts'

/** A random projection of the hashed words that keeps distances (Johnson and Lindenstrauss): slots × dimensions. */
export function randomProjection(dimensions: number, seed: number): Float32Array {
  const scale = 1 / Math.sqrt(dimensions)
  return gaussians(hashedSize * dimensions, seed).map((value) => value * scale)
}

/** `out` becomes the point's words times a matrix of slots × `out.length`. */
export function multiplyWords(
  { slots, values, size }: Point,
  matrix: ArrayLike<number>,
  out: Float64Array,
): void {
  const { length } = out
  out.fill(0)
  for (let index = 0; index < size; index++) {
    const value = values[index] as number
    const from = (slots[index] as number) * length
    for (let column = 0; column < length; column++)
      out[column] = (out[column] as number) + value * (matrix[from + column] as number)
  }
}
