import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'
import type { FeatureRows, PointProduct, SlotPostings } from './point-product.ts'

/** Products where the engine has no WebAssembly. */
export function createScalarRowProduct({ values: rows, width }: FeatureRows): PointProduct {
  const sums = new Float64Array(width)
  return {
    multiply({ slots, values, size, structured }: Point): Float64Array {
      sums.fill(0)
      for (let index = 0; index < size; index++)
        addRow(sums, rows, slots[index] as number, values[index] as number)
      for (let index = 0; index < structuredSize; index++) {
        const value = structured[index] as number
        if (value !== 0) addRow(sums, rows, hashedSize + index, value)
      }
      addRow(sums, rows, hashedSize + structuredSize, 1)
      return sums
    },
  }
}

function addRow(sums: Float64Array, rows: Float32Array, row: number, value: number): void {
  const from = row * sums.length
  for (let column = 0; column < sums.length; column++)
    sums[column] = (sums[column] as number) + value * (rows[from + column] as number)
}

/** The same of postings. */
export function createScalarPostingProduct(postings: SlotPostings): PointProduct {
  const { starts, columns, values: weights } = postings
  const sums = new Float64Array(postings.width)
  return {
    multiply({ slots, values, size }: Point): Float64Array {
      sums.fill(0)
      for (let index = 0; index < size; index++) {
        const slot = slots[index] as number
        const value = values[index] as number
        const end = starts[slot + 1] as number
        for (let at = starts[slot] as number; at < end; at++) {
          const column = columns[at] as number
          sums[column] = (sums[column] as number) + value * (weights[at] as number)
        }
      }
      return sums
    },
  }
}
