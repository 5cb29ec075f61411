import type { Features } from './features.ts'
import { hashedSize } from './hash-tokens.ts'
import { structuredSize } from './structured.ts'

/** Structured features that hardly vary in training say nothing and would explode when standardised. */
const leastSpread = 1e-3
const mostDeviations = 3

/** What a training set says about features: how much each is worth, and what is usual. */
export interface FeatureSpace {
  /** By slot; negative where training never saw it: it then says nothing of models, but that the ask is strange. */
  readonly idf: Float64Array
  readonly mean: Float64Array
  /** 0 masks the feature. */
  readonly inverseSpread: Float64Array
}

/** An ask as a point of a feature space: a sparse vector of length 1, and standardised structured features. */
export interface Point {
  readonly slots: Uint16Array
  readonly values: Float64Array
  size: number
  /** Share of the ask's weight that training has seen, 0 to 1. */
  known: number
  readonly structured: Float64Array
}

export function createPoint(capacity = 1_200): Point {
  return {
    slots: new Uint16Array(capacity),
    values: new Float64Array(capacity),
    size: 0,
    known: 0,
    structured: new Float64Array(structuredSize),
  }
}

/** Places features in the space; `point` is overwritten. */
export function project(features: Features, space: FeatureSpace, point: Point): void {
  const { slots, values, size } = features
  let squares = 0
  let unseen = 0
  let used = 0
  for (let index = 0; index < size; index++) {
    const slot = slots[index] as number
    const value = (values[index] as number) * (space.idf[slot] as number)
    if ((space.idf[slot] as number) < 0) {
      unseen += value * value
      continue
    }
    point.slots[used] = slot
    point.values[used++] = value
    squares += value * value
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
  for (let index = 0; index < used; index++) point.values[index] = (point.values[index] as number) * scale
  point.size = used
  point.known = squares > 0 ? squares / (squares + unseen) : 0
  for (let index = 0; index < structuredSize; index++) {
    const deviation =
      ((features.structured[index] as number) - (space.mean[index] as number)) *
      (space.inverseSpread[index] as number)
    point.structured[index] = Math.max(-mostDeviations, Math.min(mostDeviations, deviation))
  }
}

/** Learns the space from training rows alone. */
export function fitFeatureSpace(rows: readonly Features[]): FeatureSpace {
  const documents = new Float64Array(hashedSize)
  const mean = new Float64Array(structuredSize)
  const squares = new Float64Array(structuredSize)
  for (const { slots, size, structured } of rows) {
    for (let index = 0; index < size; index++) {
      const slot = slots[index] as number
      documents[slot] = (documents[slot] as number) + 1
    }
    for (let index = 0; index < structuredSize; index++) {
      const value = structured[index] as number
      mean[index] = (mean[index] as number) + value / rows.length
      squares[index] = (squares[index] as number) + (value * value) / rows.length
    }
  }
  const inverseSpread = squares.map((square, index) => {
    const spread = Math.sqrt(Math.max(0, square - (mean[index] as number) ** 2))
    return spread < leastSpread ? 0 : 1 / spread
  })
  const idf = documents.map((count) => {
    const weight = Math.log((rows.length + 1) / (count + 1))
    return count === 0 ? -weight : weight
  })
  return { idf, mean, inverseSpread }
}
