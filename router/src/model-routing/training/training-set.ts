import {
  createPoint,
  type FeatureSpace,
  fitFeatureSpace,
  type Point,
  project,
} from '../features/feature-space.ts'
import { FeatureExtractor, type Features, keepFeatures } from '../features/features.ts'
import { plainShape } from '../features/structured.ts'
import type { OutcomeMatrix } from './outcome-matrix.ts'

/** A matrix whose asks are features: made once, however often it is split. */
export interface FeaturedMatrix {
  readonly matrix: OutcomeMatrix
  readonly features: readonly Features[]
}

/** What training reads: points of the space its own rows span, scores and costs as flat rows × models. */
export interface TrainingSet {
  readonly models: readonly string[]
  readonly size: number
  readonly space: FeatureSpace
  readonly points: readonly Point[]
  readonly scores: Float64Array
  /** 0 where a model was not tried. */
  readonly weights: Float64Array
  /** Null when every model was tried on every ask, each counting once. */
  readonly partialWeights: Float64Array | null
  /** The model's mean where the cost is not known. */
  readonly costs: Float64Array
  /** 0 where the cost is not known. */
  readonly costWeights: Float64Array
  /** Mean score by model. */
  readonly meanScores: Float64Array
  readonly meanCosts: Float64Array
  readonly tasks: readonly (string | null)[]
}

export function featureMatrix(matrix: OutcomeMatrix): FeaturedMatrix {
  const extractor = new FeatureExtractor()
  return {
    matrix,
    features: matrix.rows.map(
      ({ prompt, features }) => features ?? keepFeatures(extractor.extract(prompt, plainShape)),
    ),
  }
}

/** The rows at `positions`, in a feature space fitted to them alone. */
export function prepareTraining(
  { matrix, features }: FeaturedMatrix,
  positions: readonly number[],
): TrainingSet {
  const own = positions.map((position) => features[position] as Features)
  const space = fitFeatureSpace(own)
  const width = matrix.models.length
  const scores = new Float64Array(positions.length * width)
  const weights = new Float64Array(positions.length * width)
  const costs = new Float64Array(positions.length * width)
  const costWeights = new Float64Array(positions.length * width)
  let isPlain = true
  positions.forEach((position, row) => {
    const outcome = matrix.rows[position]
    for (let model = 0; model < width; model++) {
      const at = row * width + model
      const score = outcome?.scores[model] ?? null
      const cost = outcome?.costs[model] ?? null
      weights[at] = score === null ? 0 : (outcome?.weights?.[model] ?? 1)
      isPlain &&= weights[at] === 1
      scores[at] = score ?? 0
      costs[at] = cost ?? Number.NaN
      costWeights[at] = cost === null ? 0 : 1
    }
  })
  const meanCosts = weightedMeans(costs, costWeights, width)
  // What is averaged over rows, with no regard to who was asked, must not take an unknown cost for a call that was free.
  costs.forEach((cost, at) => {
    if (Number.isNaN(cost)) costs[at] = meanCosts[at % width] as number
  })
  return {
    models: matrix.models,
    size: positions.length,
    space,
    points: own.map((row) => place(row, space)),
    scores,
    weights,
    partialWeights: isPlain ? null : weights,
    costs,
    costWeights,
    meanScores: weightedMeans(scores, weights, width),
    meanCosts,
    tasks: positions.map((position) => matrix.rows[position]?.task ?? null),
  }
}

function place(features: Features, space: FeatureSpace): Point {
  const point = createPoint(features.size)
  project(features, space, point)
  return point
}

function weightedMeans(values: Float64Array, weights: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(width)
  const totals = new Float64Array(width)
  for (let index = 0; index < values.length; index++) {
    const model = index % width
    const weight = weights[index] as number
    if (weight === 0) continue
    sums[model] = (sums[model] as number) + weight * (values[index] as number)
    totals[model] = (totals[model] as number) + weight
  }
  return sums.map((sum, model) => {
    const total = totals[model] as number
    return total === 0 ? 0 : sum / total
  })
}
