import type { Point } from '../features/feature-space.ts'

/** A matrix times a point: the sum of the matrix's rows, each by the value the point has there. */
export interface PointProduct {
  /** By column, to the same bits whatever computes it. Overwritten by the next point. */
  multiply(point: Point): Float64Array
}

/** A matrix with a row for each hashed slot, for each structured feature and for the constant 1. */
export interface FeatureRows {
  /** Rows × width. */
  readonly values: Float32Array
  readonly width: number
}

/** A matrix with a row for each hashed slot, most of it 0. */
export interface SlotPostings {
  /** Those of slot s are in [starts[s], starts[s + 1]). */
  readonly starts: Int32Array
  readonly columns: Uint16Array
  readonly values: Float32Array
  readonly width: number
}
