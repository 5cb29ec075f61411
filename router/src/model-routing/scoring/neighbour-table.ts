import type { Point } from '../features/feature-space.ts'
import { KnnIndex, type KnnOptions, type Postings } from './knn-index.ts'

/** What rows like the query scored and cost. */
export interface NeighbourTable {
  /** Fills scores and costs; both are means over neighbours, drawn to the overall mean. `skip` leaves out one row. */
  fill(point: Point, scores: Float64Array, costs: Float64Array, skip?: number): NeighbourSupport
}

export interface NeighbourSupport {
  maxSimilarity: number
  /** How many rows' worth of evidence. */
  effective: number
}

/** All training rows, as they are. */
export interface ExactRows {
  readonly postings: Postings
  readonly size: number
  /** Rows × models. */
  readonly scores: Float64Array
  readonly costs: Float64Array
  /** Rows × models, 0 where not observed; null when everything was. */
  readonly weights: Float64Array | null
  readonly meanScores: Float64Array
  readonly options: KnnOptions
}

/** The mean over the exact nearest neighbours. */
export class RowNeighbours implements NeighbourTable {
  readonly #rows: ExactRows
  readonly #index: KnnIndex
  readonly #observed: Float64Array

  constructor(rows: ExactRows) {
    this.#rows = rows
    this.#index = new KnnIndex(rows.postings, rows.size, rows.options)
    this.#observed = new Float64Array(rows.meanScores.length)
  }

  fill(point: Point, scores: Float64Array, costs: Float64Array, skip = -1): NeighbourSupport {
    const { scores: known, costs: paid, weights, meanScores, options } = this.#rows
    const width = meanScores.length
    const found = this.#index.search(point, skip)
    const mixed = options.shrink / (options.shrink + found.effective)
    costs.fill(0)
    const observed = this.#observed.fill(0)
    scores.fill(0)
    // Where everything was observed every model has the same weight.
    if (weights === null) observed.fill(1)
    for (let index = 0; index < found.size; index++) {
      const weight = found.weights[index] as number
      const from = (found.rows[index] as number) * width
      if (weights === null) {
        for (let model = 0; model < width; model++) {
          scores[model] = (scores[model] as number) + weight * (known[from + model] as number)
          costs[model] = (costs[model] as number) + weight * (paid[from + model] as number)
        }
        continue
      }
      for (let model = 0; model < width; model++) {
        const share = weight * (weights[from + model] as number)
        observed[model] = (observed[model] as number) + share
        scores[model] = (scores[model] as number) + share * (known[from + model] as number)
        costs[model] = (costs[model] as number) + weight * (paid[from + model] as number)
      }
    }
    for (let model = 0; model < width; model++) {
      const total = observed[model] as number
      const mean = meanScores[model] as number
      const near = total > 0 ? (scores[model] as number) / total : mean
      scores[model] = (1 - mixed) * near + mixed * mean
    }
    return found
  }
}
