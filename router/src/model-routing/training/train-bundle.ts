import { openEnsemble, openHead } from '../bundle/open-ensemble.ts'
import type {
  FittedProfile,
  RowName,
  TrainedBundle,
  TrainedCascade,
  TrainedHead,
} from '../bundle/trained-bundle.ts'
import { fitLambda } from '../evaluation/fit-lambda.ts'
import { averageImprovedQuality, calibrationError } from '../evaluation/measures.ts'
import { type Predictions, pool, predictRows } from '../evaluation/predictions.ts'
import { judge, pickAll } from '../evaluation/trade-off.ts'
import type { HeadArgs, HeadWeights } from '../heads/head.ts'
import { headKinds } from '../heads/head-kinds.ts'
import { keepTrainingRows } from '../heads/training-rows.ts'
import { type Breakpoints, readOff } from '../scoring/breakpoints.ts'
import type { PartShares } from '../scoring/ensemble.ts'
import { defaultStrategy } from '../scoring/strategy-catalogue.ts'
import { distillNeighbours } from './distill-neighbours.ts'
import { fitCascade } from './fit-cascade.ts'
import { measureShortfalls } from './fit-guarantee.ts'
import { fitIsotonic } from './fit-isotonic.ts'
import { type Fold, fitShares } from './fit-shares.ts'
import { nameDomains } from './name-domains.ts'
import { randomFrom, shuffled } from './random.ts'
import { defaultEnsembleOptions, type EnsembleOptions, trainEnsemble } from './train-ensemble.ts'
import { type FeaturedMatrix, prepareTraining, type TrainingSet } from './training-set.ts'

const folds = 5
/** Rarer likeness than this share of unseen training asks has counts as strange. */
const noveltyQuantile = 0.05
const tokenShrink = 8

export interface BundleOptions {
  readonly seed: number
  /** Share of the best model's quality that `auto` keeps. */
  readonly target: number
  readonly ensemble: EnsembleOptions
  /** Of the data, for the record. */
  readonly digest: string
  /** What is trained; the default is always among it. */
  readonly strategies: readonly string[]
  /** Arguments of the strategies beside the default. */
  readonly args: HeadArgs
  /** Isotonic calibration of every model with enough rows. */
  readonly calibrates: boolean
}

export const defaultBundleOptions: BundleOptions = {
  seed: 0,
  target: 0.99,
  ensemble: defaultEnsembleOptions,
  digest: '',
  strategies: [defaultStrategy],
  args: {},
  calibrates: false,
}

/**
 * Trains on the rows at `positions`. λ of every profile, the novelty threshold and the metrics come from five-fold
 * cross-validation over them; the weights from all of them. Deterministic.
 */
export function trainBundle(
  featured: FeaturedMatrix,
  positions: readonly number[],
  options: BundleOptions = defaultBundleOptions,
): TrainedBundle {
  return trainAndValidate(featured, positions, options).bundle
}

/** The same, with the predictions of cross-validation that λ was fitted to. */
export function trainAndValidate(
  featured: FeaturedMatrix,
  positions: readonly number[],
  options: BundleOptions,
): {
  readonly bundle: TrainedBundle
  readonly validation: Predictions
  /** Of the other strategies, by name. */
  readonly heads: ReadonlyMap<string, Predictions>
} {
  const crossed = crossValidate(featured, positions, options)
  const set = prepareTraining(featured, positions)
  const { weights: plain, rows } = trainEnsemble(set, options.ensemble)
  const shares = fitShares(crossed.folds, featured, set)
  const unseen = predictFolds(crossed.folds, shares, featured)
  const calibration = options.calibrates ? fitCalibration(unseen) : null
  const weights = { ...plain, shares, calibration }
  const validation = calibration === null ? unseen : calibrate(unseen, calibration)
  const fitter = { reference: bestOf(set.meanScores), costRef: Math.max(...set.meanCosts, 1e-12) }
  const heads = new Map<string, TrainedHead>()
  for (const [strategy, predictions] of crossed.heads)
    heads.set(strategy, {
      weights: trainHead(strategy, set, options),
      ...fitProfiles(predictions, fitter, options.target),
    })
  const bundle: TrainedBundle = {
    strategy: options.strategies[0] ?? defaultStrategy,
    weights,
    clusters: distillNeighbours(set, rows),
    rows: keepFewRows(set),
    rowNames: set.size > mostKeptRows ? null : nameRows(featured, positions),
    heads,
    cascade: trainCascade(crossed.folds, featured, validation),
    outputTokens: meanOutputTokens(featured, positions, set),
    costRefUsd: fitter.costRef,
    ...fitProfiles(validation, fitter, options.target),
    noveltyThreshold: quantile(validation.maxSimilarity, noveltyQuantile),
    data: { rows: positions.length, digest: options.digest, seed: options.seed },
  }
  return { bundle, validation, heads: crossed.heads }
}

/** Of the rows in the order of the folds. */
function trainCascade(
  trainedFolds: readonly Fold[],
  { matrix }: FeaturedMatrix,
  validation: Predictions,
): TrainedCascade | null {
  const rows = trainedFolds.flatMap(({ held }) => held.flatMap((position) => matrix.rows[position] ?? []))
  const fitted = fitCascade(rows, validation, 1)
  if (fitted === null) return null
  const { quality, referenceQuality, cost, referenceCost, agreed } = fitted.outcome
  return { ...fitted.cascade, agreed, ratio: quality / referenceQuality, saved: 1 - cost / referenceCost }
}

/** λ of every profile, and how the strategy does at that of `auto`, on rows it has not seen. */
function fitProfiles(
  predictions: Predictions,
  { reference, costRef }: { readonly reference: number; readonly costRef: number },
  target: number,
): Omit<TrainedHead, 'weights'> {
  const profile = (share: number): FittedProfile => {
    const fitted = fitLambda(predictions, reference, share, costRef)
    return { lambda: fitted.lambda, target: share, val_ratio: fitted.ratio, se: fitted.error }
  }
  const auto = profile(target)
  const outcome = judge(predictions, pickAll(predictions, auto.lambda, costRef), reference)
  return {
    shortfalls: measureShortfalls(predictions, reference, costRef),
    profiles: { auto, eco: profile(0.95), reasoning: auto },
    metrics: {
      quality_ratio: auto.val_ratio,
      cost_saved: outcome.saved,
      aiq: averageImprovedQuality(predictions, reference, costRef),
      ece: calibrationError(predictions),
    },
  }
}

function trainHead(strategy: string, set: TrainingSet, { seed, args }: BundleOptions): HeadWeights {
  const kind = headKinds.get(strategy)
  if (kind === undefined) throw new Error(`${strategy} cannot be trained`)
  return kind.train(set, { seed, args })
}

/** More would only make a bundle large. */
const mostKeptRows = 3_000

function keepFewRows(set: TrainingSet): HeadWeights | null {
  return set.size > mostKeptRows ? null : keepTrainingRows(set, 0)
}

function nameRows({ matrix }: FeaturedMatrix, positions: readonly number[]): readonly RowName[] {
  return positions.map((position) => {
    const { id = `${position}`, task = null } = matrix.rows[position] ?? {}
    return { id, task }
  })
}

interface CrossValidation {
  readonly folds: readonly Fold[]
  /** Predictions of rows by heads that were trained without them, by strategy. */
  readonly heads: ReadonlyMap<string, Predictions>
}

/** Trains without a fifth of the rows, for every fifth. */
function crossValidate(
  featured: FeaturedMatrix,
  positions: readonly number[],
  options: BundleOptions,
): CrossValidation {
  const { seed, ensemble, strategies } = options
  const order = shuffled(positions.length, randomFrom(seed + 1)).map((at) => positions[at] as number)
  const others = strategies.filter((strategy) => strategy !== defaultStrategy)
  const trainedFolds: Fold[] = []
  const headParts = new Map<string, Predictions[]>(others.map((strategy) => [strategy, []]))
  for (let fold = 0; fold < folds; fold++) {
    const held = order.filter((_, index) => index % folds === fold)
    const kept = order.filter((_, index) => index % folds !== fold)
    if (held.length === 0 || kept.length === 0) continue
    const set = prepareTraining(featured, kept)
    const { weights, rows } = trainEnsemble(set, ensemble)
    const shared = { weights, clusters: distillNeighbours(set, rows) }
    trainedFolds.push({ shared, held })
    for (const [strategy, list] of headParts) {
      const trained = { ...unmeasured, weights: trainHead(strategy, set, options) }
      const bundle = { ...shared, heads: new Map([[strategy, trained]]) }
      list.push(predictRows(openHead(bundle, strategy), featured, held))
    }
  }
  return {
    folds: trainedFolds,
    heads: new Map([...headParts].map(([strategy, list]) => [strategy, pool(list)])),
  }
}

const unmeasured: Omit<TrainedHead, 'weights'> = {
  profiles: {},
  metrics: { quality_ratio: 0, cost_saved: 0, aiq: 0, ece: 0 },
  shortfalls: { rows: 0, means: [], errors: [] },
}

/** Fewer rows of a model say too little of it. */
const leastCalibrationRows = 300

/** By model: what estimates of unseen rows really came to. Models of few rows are left as they are. */
function fitCalibration({ rows, models, quality, scores, weights }: Predictions): readonly Breakpoints[] {
  return Array.from({ length: models }, (_, model) => {
    const predicted: number[] = []
    const real: number[] = []
    for (let row = 0; row < rows; row++) {
      const at = row * models + model
      if (weights[at] === 0) continue
      predicted.push(quality[at] as number)
      real.push(scores[at] as number)
    }
    return predicted.length < leastCalibrationRows ? { x: [], y: [] } : fitIsotonic(predicted, real)
  })
}

function calibrate(predictions: Predictions, calibration: readonly Breakpoints[]): Predictions {
  const quality = predictions.quality.map((predicted, at) =>
    readOff(calibration[at % predictions.models] as Breakpoints, predicted),
  )
  return { ...predictions, quality }
}

/** What the ensembles say of the rows they have not seen, as the one that is trained on all of them will serve. */
function predictFolds(folds: readonly Fold[], shares: PartShares, featured: FeaturedMatrix): Predictions {
  return pool(
    folds.map(({ shared, held }) =>
      predictRows(openEnsemble({ ...shared, weights: { ...shared.weights, shares } }), featured, held),
    ),
  )
}

/** The position of the greatest. */
export function bestOf(values: Float64Array): number {
  return values.reduce((best, value, at) => (value > (values[best] as number) ? at : best), 0)
}

function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted()
  return sorted[Math.floor(share * sorted.length)] ?? 0
}

/** By domain and model, drawn to the model's mean; null when the data does not tell. */
function meanOutputTokens(
  { matrix }: FeaturedMatrix,
  positions: readonly number[],
  set: TrainingSet,
): Float64Array | null {
  const { names, labels } = nameDomains(set)
  const width = set.models.length
  const sums = new Float64Array((names.length + 1) * width)
  const counts = new Float64Array((names.length + 1) * width)
  const overall = names.length * width
  positions.forEach((position, row) => {
    matrix.rows[position]?.outputTokens?.forEach((tokens, model) => {
      if (tokens === null) return
      for (const at of [(labels[row] as number) * width + model, overall + model]) {
        sums[at] = (sums[at] as number) + tokens
        counts[at] = (counts[at] as number) + 1
      }
    })
  })
  if (counts.subarray(overall).some((count) => count === 0)) return null
  return sums.slice(0, overall).map((sum, at) => {
    const model = overall + (at % width)
    const mean = (sums[model] as number) / (counts[model] as number)
    return (sum + tokenShrink * mean) / ((counts[at] as number) + tokenShrink)
  })
}
