import { openEnsemble } from '../bundle/open-ensemble.ts'
import type { TrainedBundle, TrainedHead } from '../bundle/trained-bundle.ts'
import { createPoint, type Point, project } from '../features/feature-space.ts'
import type { Features } from '../features/features.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { headKinds } from '../heads/head-kinds.ts'
import { addUntried } from '../heads/training-rows.ts'
import { ClusterNeighbours } from '../scoring/cluster-neighbours.ts'
import type { EnsembleWeights } from '../scoring/ensemble.ts'
import { fullDesign, textScale } from './design.ts'
import { addColumn, fillColumn, type Probes } from './probe-column.ts'
import { solveRidge } from './solve-ridge.ts'
import type { FeaturedMatrix } from './training-set.ts'

/** Fewer probes say too little of a model. */
const leastProbes = 50
/** Models of which the dearer costs at most so many times the other are like each other. */
const likeCost = 2
/** Rows' worth of what is expected of a cell before any probe lies in it. */
const shrink = 8
/** Of the ridge, as in training. */
const alphaPerProbe = 0.4

/** A bundle with one more model, and which of its strategies could not take it up. */
interface EnlargedBundle {
  readonly bundle: TrainedBundle
  readonly dropped: readonly string[]
}

/**
 * Adds a model that was tried on some asks, without training anew: its columns of the tables come from those probes, its regression
 * is the mean of those of models that cost about as much, corrected by them. λ and metrics stay those of training; a promise about quality would have
 * to be measured anew, so there is none. Errors: throws when the bundle knows the model, or the probes say too little of it.
 */
export function addModel(bundle: TrainedBundle, probed: FeaturedMatrix, name: string): EnlargedBundle {
  const { weights, clusters, rows } = bundle
  if (weights.models.includes(name)) throw new Error(`the bundle knows ${name} already`)
  const column = probed.matrix.models.indexOf(name)
  if (column < 0) throw new Error(`the data is about ${probed.matrix.models.join(', ')}, not ${name}`)
  const probes = readProbes(weights, probed, column, name)
  const width = weights.models.length
  const scores = { values: probes.scores, mean: probes.meanScore }
  const costs = { values: probes.costs, mean: probes.meanCost }
  const near = new ClusterNeighbours(clusters)
  const shares = probes.points.map((point) => near.share(point))
  const enlarge = (values: Float32Array, means: Float64Array, measured: typeof scores): Float32Array =>
    Float32Array.from(
      addColumn(values, width, fillColumn(probes, shares, { values, means }, measured, shrink)),
    )
  const heads = new Map<string, TrainedHead>()
  for (const [strategy, head] of bundle.heads) {
    const own = headKinds.get(strategy)?.addModel?.(head.weights, weights, probes)
    if (own !== undefined) heads.set(strategy, { ...head, weights: own, shortfalls: unmeasured })
  }
  const enlarged: TrainedBundle = {
    ...bundle,
    ...addToEnsemble(bundle, probes, name),
    clusters: {
      ...clusters,
      scores: enlarge(clusters.scores, weights.meanScores, scores),
      costs: enlarge(clusters.costs, weights.meanCosts, costs),
    },
    rows: rows === null ? null : addUntried(rows, width),
    heads,
    shortfalls: unmeasured,
  }
  correctRegression(enlarged, probes)
  return {
    bundle: enlarged,
    dropped: [...bundle.heads.keys()].filter((strategy) => !heads.has(strategy)),
  }
}

const unmeasured: TrainedBundle['shortfalls'] = { rows: 0, means: [], errors: [] }

function readProbes(
  { models, space, meanCosts }: EnsembleWeights,
  { matrix, features }: FeaturedMatrix,
  column: number,
  name: string,
): Probes {
  const tried = matrix.rows.flatMap(({ scores, costs, outputTokens, weights }, at) => {
    const score = scores[column] ?? null
    if (score === null) return []
    const cost = costs[column] ?? null
    return [{ at, score, cost, tokens: outputTokens?.[column] ?? null, weight: weights?.[column] ?? 1 }]
  })
  if (tried.length < leastProbes)
    throw new Error(`${name} was tried on ${tried.length} asks; at least ${leastProbes} are needed`)
  const paid = tried.flatMap(({ cost }) => (cost === null ? [] : [cost]))
  if (paid.length === 0) throw new Error(`the data does not tell what ${name} costs`)
  const meanCost = paid.reduce((sum, cost) => sum + cost, 0) / paid.length
  const all = models.map((_, at) => at)
  const like = all.filter((at) => {
    const cost = meanCosts[at] as number
    return Math.max(cost, meanCost) <= likeCost * Math.min(cost, meanCost)
  })
  const weight = tried.reduce((sum, probe) => sum + probe.weight, 0)
  return {
    points: tried.map(({ at }) => {
      const own = features[at] as Features
      const point = createPoint(own.size)
      project(own, space, point)
      return point
    }),
    scores: Float64Array.from(tried, ({ score }) => score),
    costs: Float64Array.from(tried, ({ cost }) => cost ?? meanCost),
    tokens: tried.some(({ tokens }) => tokens === null)
      ? null
      : Float64Array.from(tried, ({ tokens }) => tokens ?? 0),
    weights: Float64Array.from(tried, (probe) => probe.weight),
    meanScore: tried.reduce((sum, probe) => sum + probe.weight * probe.score, 0) / weight,
    meanCost,
    like: like.length > 0 ? like : all,
  }
}

/** The tables by domain, and the regressions. */
function addToEnsemble(
  bundle: TrainedBundle,
  probes: Probes,
  name: string,
): Pick<TrainedBundle, 'weights' | 'outputTokens'> {
  const { weights, outputTokens } = bundle
  const { meanScores, meanCosts, domainScores, domainCosts, meanLnCosts, calibration } = weights
  const { scores, costs, tokens, meanScore, meanCost } = probes
  const width = weights.models.length
  const ensemble = openEnsemble(bundle)
  const shares = probes.points.map((point) => ensemble.predict(point).domainShares.slice())
  const enlarge = (
    values: Float64Array,
    means: Float64Array,
    own: Float64Array,
    mean: number,
  ): Float64Array =>
    addColumn(values, width, fillColumn(probes, shares, { values, means }, { values: own, mean }, shrink))
  const tokenMeans = outputTokens === null ? null : meansOf(outputTokens, weights)
  return {
    weights: {
      ...weights,
      models: [...weights.models, name],
      columns: addRegressions(weights, probes.like),
      domainScores: enlarge(domainScores, meanScores, scores, meanScore),
      domainCosts: enlarge(domainCosts, meanCosts, costs, meanCost),
      meanScores: Float64Array.of(...meanScores, meanScore),
      meanCosts: Float64Array.of(...meanCosts, meanCost),
      meanLnCosts: meanLnCosts === null ? null : Float64Array.of(...meanLnCosts, Math.log(meanCost)),
      calibration: calibration === null ? null : [...calibration, { x: [], y: [] }],
    },
    // Where the probes do not tell, what is written by models that cost as much.
    outputTokens:
      outputTokens === null || tokenMeans === null
        ? null
        : enlarge(
            outputTokens,
            tokenMeans,
            tokens ??
              new Float64Array(costs.length).fill(meanOf(probes.like.map((at) => tokenMeans[at] ?? 0))),
            meanOf(tokens ?? probes.like.map((at) => tokenMeans[at] ?? 0)),
          ),
  }
}

/** Of every model over the domains, as often as training saw each. */
function meansOf(table: Float64Array, { domainShares, models }: EnsembleWeights): Float64Array {
  return Float64Array.from(models, (_, model) =>
    domainShares.reduce(
      (sum, share, domain) => sum + share * (table[domain * models.length + model] as number),
      0,
    ),
  )
}

function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
}

/** Adds to the regression of the last model, which is borrowed, what the probes say it is off by. */
function correctRegression(bundle: TrainedBundle, { points, scores, weights }: Probes): void {
  const { columns, models } = bundle.weights
  const ensemble = openEnsemble(bundle)
  const targets = scores.map(
    (score, at) => score - (ensemble.predict(points[at] as Point).linear[models.length - 1] as number),
  )
  const alpha = alphaPerProbe * points.length
  const off = solveRidge({ design: fullDesign(points), targets, weights, outputs: 1, alpha })
  const stride = columns.length / off.length
  off.forEach((weight, feature) => {
    const at = feature * stride + models.length - 1
    columns[at] = (columns[at] as number) + (feature < hashedSize ? textScale : 1) * weight
  })
}

/** Every regression with a column more: the mean of those of models that are like the new one. */
function addRegressions(
  { columns, models, domains, meanLnCosts }: EnsembleWeights,
  like: readonly number[],
): Float32Array {
  const width = models.length
  const regressions = meanLnCosts === null ? 1 : 2
  const stride = regressions * width + domains.length
  const wide = stride + regressions
  const enlarged = new Float32Array((columns.length / stride) * wide)
  for (let row = 0; row < columns.length / stride; row++) {
    const own = columns.subarray(row * stride, (row + 1) * stride)
    for (let part = 0; part < regressions; part++) {
      const weights = own.subarray(part * width, (part + 1) * width)
      enlarged.set(weights, row * wide + part * (width + 1))
      enlarged[row * wide + part * (width + 1) + width] = meanOf(like.map((at) => weights[at] as number))
    }
    enlarged.set(own.subarray(regressions * width), row * wide + regressions * (width + 1))
  }
  return enlarged
}
