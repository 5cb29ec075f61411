import { hashedSize } from '../features/hash-tokens.ts'
import { type EnsembleWeights, usualShares } from '../scoring/ensemble.ts'
import { buildPostings, defaultKnn, type KnnOptions } from '../scoring/knn-index.ts'
import type { ExactRows } from '../scoring/neighbour-table.ts'
import { type Design, fullDesign, fullWidth, textDesign, textScale } from './design.ts'
import { nameDomains } from './name-domains.ts'
import { solveRidge } from './solve-ridge.ts'
import type { TrainingSet } from './training-set.ts'

export interface EnsembleOptions {
  /** Of the ridge regressions of scores and costs, from a thousand rows on; less for fewer. */
  readonly alpha: number
  /** Of the classifier of domains. */
  readonly domainAlpha: number
  /** Rows' worth of the overall mean in every cell of the domain table. */
  readonly tableShrink: number
  readonly knn: KnnOptions
  /** Costs get a regression of their own beside the means of domain and neighbours. */
  readonly costRegression: boolean
}

export const defaultEnsembleOptions: EnsembleOptions = {
  alpha: 400,
  domainAlpha: 1,
  tableShrink: 8,
  knn: defaultKnn,
  costRegression: false,
}

/** Shares of domains need no more digits, and a weak penalty makes every one of them dear. */
const classifierTolerance = 1e-3

const rowsOfAlpha = 1_000
/** A call costs at least this, so that it has a logarithm. */
const leastCost = 1e-9

export interface TrainedEnsemble {
  readonly weights: EnsembleWeights
  readonly rows: ExactRows
}

/** Trains the default model. Deterministic. */
export function trainEnsemble(
  set: TrainingSet,
  options: EnsembleOptions = defaultEnsembleOptions,
): TrainedEnsemble {
  const { names, labels } = nameDomains(set)
  const words = textDesign(set.points)
  const full = fullDesign(set.points)
  const alpha = options.alpha * Math.min(1, set.size / rowsOfAlpha)
  const domains = trainDomains(words, labels, names.length, options)
  const table = fillTable(set, labels, names.length, options)
  const width = set.models.length
  const tablePredictions = predictTable(domains, words, table.scores, width)
  const ridge = solveRidge({
    design: full,
    targets: minus(set.scores, (at) => set.meanScores[at % width] as number),
    weights: set.partialWeights,
    outputs: width,
    alpha,
  })
  const residual = solveRidge({
    design: full,
    targets: minus(set.scores, (at) => tablePredictions[at] as number),
    weights: set.partialWeights,
    outputs: width,
    alpha,
  })
  const lnCosts = options.costRegression ? trainLnCosts(set, full, alpha) : null
  const linear = ridge.map((weight, at) => (weight + (residual[at] as number)) / 2)
  const byModel = lnCosts === null ? [linear] : [linear, lnCosts.weights]
  return {
    weights: {
      models: set.models,
      domains: names,
      space: set.space,
      columns: interleave(byModel, domains.weights, width, names.length),
      domainShares: domains.shares,
      domainScores: table.scores,
      domainCosts: table.costs,
      meanScores: set.meanScores,
      meanCosts: set.meanCosts,
      meanLnCosts: lnCosts?.means ?? null,
      shares: usualShares,
      calibration: null,
    },
    rows: keepRows(set, options.knn),
  }
}

/** What neighbours are looked up in. */
export function keepRows(set: TrainingSet, knn: KnnOptions): ExactRows {
  return {
    postings: buildPostings(set.points),
    size: set.size,
    scores: set.scores,
    costs: set.costs,
    weights: set.partialWeights,
    meanScores: set.meanScores,
    options: { ...knn, neighbours: Math.min(knn.neighbours, Math.max(1, Math.floor(set.size / 4))) },
  }
}

interface DomainClassifier {
  /** Slots × domains. */
  readonly weights: Float64Array
  readonly shares: Float64Array
}

function trainDomains(
  design: Design,
  labels: Int32Array,
  count: number,
  { domainAlpha }: EnsembleOptions,
): DomainClassifier {
  const shares = new Float64Array(count)
  for (const label of labels) shares[label] = (shares[label] as number) + 1 / labels.length
  const targets = new Float64Array(labels.length * count)
  labels.forEach((label, row) => {
    for (let domain = 0; domain < count; domain++)
      targets[row * count + domain] = (domain === label ? 1 : 0) - (shares[domain] as number)
  })
  return {
    weights: solveRidge({
      design,
      targets,
      weights: null,
      outputs: count,
      alpha: domainAlpha,
      tolerance: classifierTolerance,
    }),
    shares,
  }
}

/** Mean score and cost by domain and model, drawn to the model's overall mean. */
function fillTable(
  set: TrainingSet,
  labels: Int32Array,
  domains: number,
  { tableShrink }: EnsembleOptions,
): { scores: Float64Array; costs: Float64Array } {
  const width = set.models.length
  const average = (values: Float64Array, weights: Float64Array, means: Float64Array): Float64Array => {
    const sums = new Float64Array(domains * width)
    const totals = new Float64Array(domains * width)
    for (let at = 0; at < values.length; at++) {
      const cell = (labels[Math.floor(at / width)] as number) * width + (at % width)
      sums[cell] = (sums[cell] as number) + (weights[at] as number) * (values[at] as number)
      totals[cell] = (totals[cell] as number) + (weights[at] as number)
    }
    return sums.map(
      (sum, cell) =>
        (sum + tableShrink * (means[cell % width] as number)) / ((totals[cell] as number) + tableShrink),
    )
  }
  return {
    scores: average(set.scores, set.weights, set.meanScores),
    costs: average(set.costs, set.costWeights, set.meanCosts),
  }
}

/** What the table says of every training row, rows × models. */
function predictTable(
  { weights, shares }: DomainClassifier,
  { rows, starts, indices, values }: Design,
  table: Float64Array,
  width: number,
): Float64Array {
  const count = shares.length
  const result = new Float64Array(rows * width)
  const logits = new Float64Array(count)
  for (let row = 0; row < rows; row++) {
    logits.set(shares)
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
      const from = (indices[at] as number) * count
      for (let domain = 0; domain < count; domain++)
        logits[domain] =
          (logits[domain] as number) + (values[at] as number) * (weights[from + domain] as number)
    }
    const largest = Math.max(...logits)
    const mass = logits.map((logit) => Math.exp(8 * (logit - largest)))
    const sum = mass.reduce((total, value) => total + value, 0)
    for (let domain = 0; domain < count; domain++)
      for (let model = 0; model < width; model++)
        result[row * width + model] =
          (result[row * width + model] as number) +
          ((mass[domain] as number) / sum) * (table[domain * width + model] as number)
  }
  return result
}

function trainLnCosts(
  set: TrainingSet,
  design: Design,
  alpha: number,
): { weights: Float64Array; means: Float64Array } {
  const width = set.models.length
  const logs = set.costs.map((cost) => Math.log(Math.max(leastCost, cost)))
  const sums = new Float64Array(width)
  const totals = new Float64Array(width)
  let isWhole = true
  for (let at = 0; at < logs.length; at++) {
    const weight = set.costWeights[at] as number
    isWhole &&= weight === 1
    sums[at % width] = (sums[at % width] as number) + weight * (logs[at] as number)
    totals[at % width] = (totals[at % width] as number) + weight
  }
  const means = sums.map((sum, model) => sum / Math.max(1, totals[model] as number))
  const weights = solveRidge({
    design,
    targets: minus(logs, (at) => means[at % width] as number),
    weights: isWhole ? null : set.costWeights,
    outputs: width,
    alpha,
  })
  return { weights, means }
}

function minus(values: Float64Array, other: (at: number) => number): Float64Array {
  return values.map((value, at) => value - other(at))
}

/** One row for each column of the full design; the scale of words is worked in. */
function interleave(
  byModel: readonly Float64Array[],
  domains: Float64Array,
  width: number,
  domainCount: number,
): Float32Array {
  const stride = byModel.length * width + domainCount
  const columns = new Float32Array(fullWidth * stride)
  for (let feature = 0; feature < fullWidth; feature++) {
    const scale = feature < hashedSize ? textScale : 1
    byModel.forEach((weights, part) => {
      for (let model = 0; model < width; model++)
        columns[feature * stride + part * width + model] =
          scale * (weights[feature * width + model] as number)
    })
    if (feature >= hashedSize) continue
    for (let domain = 0; domain < domainCount; domain++)
      columns[feature * stride + byModel.length * width + domain] = domains[
        feature * domainCount + domain
      ] as number
  }
  return columns
}
