import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'

/** How much more the words count than the structured features in the full design. */
export const textScale = 3
/** Columns of the full design: hashed words, structured features, 1. */
export const fullWidth = hashedSize + structuredSize + 1

/** A sparse matrix by rows. */
export interface Design {
  readonly rows: number
  readonly columns: number
  /** Row r is in [starts[r], starts[r + 1]). */
  readonly starts: Int32Array
  readonly indices: Uint16Array
  readonly values: Float64Array
}

/** `[3·x ; structured ; 1]`. */
export function fullDesign(points: readonly Point[]): Design {
  return build(points, fullWidth, (point, push) => {
    for (let index = 0; index < point.size; index++)
      push(point.slots[index] as number, textScale * (point.values[index] as number))
    for (let index = 0; index < structuredSize; index++)
      push(hashedSize + index, point.structured[index] as number)
    push(fullWidth - 1, 1)
  })
}

/** `x` alone. */
export function textDesign(points: readonly Point[]): Design {
  return build(points, hashedSize, (point, push) => {
    for (let index = 0; index < point.size; index++)
      push(point.slots[index] as number, point.values[index] as number)
  })
}

function build(
  points: readonly Point[],
  columns: number,
  fill: (point: Point, push: (column: number, value: number) => void) => void,
): Design {
  const starts = new Int32Array(points.length + 1)
  const indices: number[] = []
  const values: number[] = []
  points.forEach((point, row) => {
    fill(point, (column, value) => {
      if (value === 0) return
      indices.push(column)
      values.push(value)
    })
    starts[row + 1] = indices.length
  })
  return {
    rows: points.length,
    columns,
    starts,
    indices: Uint16Array.from(indices),
    values: Float64Array.from(values),
  }
}
