import { FeatureExtractor, type Features } from '../features/features.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { plainShape } from '../features/structured.ts'

/** The direction that texts have in common, of length 1, by slot. */
export function centroidOf(examples: readonly string[]): Float64Array {
  const extractor = new FeatureExtractor()
  const sum = new Float64Array(hashedSize)
  for (const example of examples) {
    const { slots, values, size } = extractor.extract(example, plainShape)
    const length = lengthOf(values, size)
    for (let index = 0; index < size; index++) {
      const slot = slots[index] as number
      sum[slot] = (sum[slot] as number) + (values[index] as number) / length
    }
  }
  const length = lengthOf(sum, hashedSize)
  return sum.map((value) => value / length)
}

/** How much an ask points that way, -1 to 1. */
export function cosine({ slots, values, size }: Features, centroid: Float64Array): number {
  let sum = 0
  for (let index = 0; index < size; index++)
    sum += (values[index] as number) * (centroid[slots[index] as number] as number)
  return sum / lengthOf(values, size)
}

function lengthOf(values: Float64Array, size: number): number {
  let squares = 0
  for (let index = 0; index < size; index++) squares += (values[index] as number) ** 2
  return Math.sqrt(Math.max(1e-12, squares))
}
