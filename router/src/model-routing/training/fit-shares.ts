import { openEnsemble } from '../bundle/open-ensemble.ts'
import type { TrainedBundle } from '../bundle/trained-bundle.ts'
import { createPoint, project } from '../features/feature-space.ts'
import type { Features } from '../features/features.ts'
import { type PartShares, usualShares } from '../scoring/ensemble.ts'
import type { FeaturedMatrix, TrainingSet } from './training-set.ts'

/** What was trained on some rows, and the positions of those it has not seen. */
export interface Fold {
  readonly shared: Pick<TrainedBundle, 'weights' | 'clusters'>
  readonly held: readonly number[]
}

/** So many rows the usual shares are worth. */
const usualRows = 50
const mostShare = 3
const names = ['domain', 'knn', 'ridge'] as const
const rounds = 200

/** From quality alone to mostly cheap. */
const relevantLambdas = [0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3]
/** A model this many times e behind the best one hardly comes into question: 1 / 0.05. */
const relevanceSharpness = 20

/**
 * How much each part of the ensemble counts, by least squares on unseen rows, none less than nothing. Decisions compare models, so
 * what is fitted are the differences between models that come into question, not how hard an ask is for all of them.
 */
export function fitShares(folds: readonly Fold[], featured: FeaturedMatrix, set: TrainingSet): PartShares {
  const relevance = weighModels(set)
  const squares = Array.from(names, () => new Float64Array(names.length))
  const products = new Float64Array(names.length)
  let rows = 0
  for (const { shared, held } of folds) {
    const whole = { domain: 1, knn: 1, ridge: 1 }
    const ensemble = openEnsemble({ ...shared, weights: { ...shared.weights, shares: whole } })
    const point = createPoint()
    for (const position of held) {
      const outcome = featured.matrix.rows[position]
      if (outcome === undefined) continue
      project(featured.features[position] as Features, ensemble.weights.space, point)
      const { parts } = ensemble.predict(point)
      const columns = names.map((name) => parts.get(name) as Float64Array)
      const target = ensemble.weights.meanScores.map((mean, model) => (outcome.scores[model] ?? mean) - mean)
      const weights = relevance.map((weight, model) =>
        (outcome.scores[model] ?? null) === null ? 0 : weight * (outcome.weights?.[model] ?? 1),
      )
      addRow(
        squares,
        products,
        columns.map((column) => center(column, weights)),
        center(target, weights),
        weights,
      )
      rows++
    }
  }
  return solve(squares, products, rows)
}

/** By model: how near it is to the best one, over many prices of a call. */
function weighModels({ meanScores, meanCosts }: TrainingSet): Float64Array {
  const dearest = Math.max(...meanCosts, 1e-12)
  const total = new Float64Array(meanScores.length)
  for (const lambda of relevantLambdas) {
    const utility = meanScores.map(
      (score, model) => score - (lambda * (meanCosts[model] as number)) / dearest,
    )
    const best = Math.max(...utility)
    const mass = utility.map((value) => Math.exp(relevanceSharpness * (value - best)))
    const sum = mass.reduce((all, value) => all + value, 0)
    mass.forEach((value, model) => {
      total[model] = (total[model] as number) + value / sum / relevantLambdas.length
    })
  }
  return total
}

/** Less the mean over the models that were tried; where only one was there is nothing to compare with. */
function center(values: Float64Array, weights: Float64Array): Float64Array {
  let [sum, total, tried] = [0, 0, 0]
  weights.forEach((weight, model) => {
    sum += weight * (values[model] as number)
    total += weight
    if (weight > 0) tried++
  })
  return tried > 1 ? values.map((value) => value - sum / total) : values
}

function addRow(
  squares: readonly Float64Array[],
  products: Float64Array,
  columns: readonly Float64Array[],
  target: Float64Array,
  weights: Float64Array,
): void {
  const dot = (one: Float64Array, other: Float64Array): number =>
    weights.reduce(
      (sum, weight, model) => sum + weight * (one[model] as number) * (other[model] as number),
      0,
    )
  columns.forEach((column, at) => {
    const row = squares[at] as Float64Array
    columns.forEach((other, to) => {
      row[to] = (row[to] as number) + dot(column, other)
    })
    products[at] = (products[at] as number) + dot(column, target)
  })
}

/** Least squares that is never negative, by coordinates, drawn to the usual shares. */
function solve(squares: readonly Float64Array[], products: Float64Array, rows: number): PartShares {
  const usual = names.map((name) => usualShares[name])
  const shares = Float64Array.from(usual)
  const drawn = usualRows / Math.max(1, rows)
  for (let round = 0; round < rounds; round++)
    squares.forEach((row, at) => {
      const own = row[at] as number
      if (own === 0) return
      const others = row.reduce((sum, value, to) => sum + (to === at ? 0 : value * (shares[to] as number)), 0)
      const best =
        ((products[at] as number) - others + drawn * own * (usual[at] as number)) / (own * (1 + drawn))
      shares[at] = Math.max(0, Math.min(mostShare, best))
    })
  const [domain, knn, ridge] = shares as unknown as [number, number, number]
  return { domain, knn, ridge }
}
