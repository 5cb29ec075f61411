import { createPoint, project } from '../features/feature-space.ts'
import type { Features } from '../features/features.ts'
import type { Predictor } from '../scoring/ensemble.ts'
import type { FeaturedMatrix } from '../training/training-set.ts'

/** Predicted and true quality and cost of many asks, rows × models. */
export interface Predictions {
  readonly rows: number
  readonly models: number
  readonly quality: Float64Array
  readonly cost: Float64Array
  readonly sigma: Float64Array
  readonly maxSimilarity: Float64Array
  /** True values; NaN where a model was not tried. */
  readonly scores: Float64Array
  readonly paid: Float64Array
  /** How much each score counts; 0 where a model was not tried. */
  readonly weights: Float64Array
}

/** What a model predicts for the rows at `positions`, beside what really happened. */
export function predictRows(
  predictor: Predictor,
  { matrix, features }: FeaturedMatrix,
  positions: readonly number[],
): Predictions {
  const models = matrix.models.length
  const size = positions.length * models
  const result = {
    rows: positions.length,
    models,
    quality: new Float64Array(size),
    cost: new Float64Array(size),
    sigma: new Float64Array(size),
    maxSimilarity: new Float64Array(positions.length),
    scores: new Float64Array(size),
    paid: new Float64Array(size),
    weights: new Float64Array(size),
  }
  const point = createPoint()
  positions.forEach((position, row) => {
    project(features[position] as Features, predictor.weights.space, point)
    const out = predictor.predict(point)
    result.quality.set(out.quality, row * models)
    result.cost.set(out.cost, row * models)
    result.sigma.set(out.sigma, row * models)
    result.maxSimilarity[row] = out.maxSimilarity
    for (let model = 0; model < models; model++) {
      result.scores[row * models + model] = matrix.rows[position]?.scores[model] ?? Number.NaN
      result.paid[row * models + model] = matrix.rows[position]?.costs[model] ?? Number.NaN
      const isTried = (matrix.rows[position]?.scores[model] ?? null) !== null
      result.weights[row * models + model] = isTried ? (matrix.rows[position]?.weights?.[model] ?? 1) : 0
    }
  })
  return result
}

/** Several predictions one after the other. */
export function pool(parts: readonly Predictions[]): Predictions {
  const join = (read: (part: Predictions) => Float64Array): Float64Array => {
    const arrays = parts.map(read)
    const joined = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const array of arrays) {
      joined.set(array, at)
      at += array.length
    }
    return joined
  }
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    models: parts[0]?.models ?? 0,
    quality: join((part) => part.quality),
    cost: join((part) => part.cost),
    sigma: join((part) => part.sigma),
    maxSimilarity: join((part) => part.maxSimilarity),
    scores: join((part) => part.scores),
    paid: join((part) => part.paid),
    weights: join((part) => part.weights),
  }
}
