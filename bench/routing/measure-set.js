import {
  averageImprovedQuality,
  bestOf,
  calibrationError,
  defaultBundleOptions,
  fitLambda,
  judge,
  lambdaGrid,
  openEnsemble,
  pickAll,
  predictRows,
  prepareTraining,
  trainAndValidate,
} from '../../router/dist/measure.js'
import { knnVotes } from './baselines.js'
import { bootstrapRatio } from './bootstrap.js'
import { measureCascade } from './cascade.js'
import { measureFlips } from './flips.js'
import { measureGuarantee } from './guarantee.js'
import { splitRows } from './split.js'

const targets = [0.99, 0.97, 0.95]

/** Everything one seed says of one set: trained on 75 % by cross-validation, read once from the rest. */
export function measureSet(featured, seed) {
  const { matrix } = featured
  const { seen, test } = splitRows(matrix.rows, seed)
  const options = { ...defaultBundleOptions, seed }
  const { bundle, validation } = trainAndValidate(featured, seen, options)
  const set = prepareTraining(featured, seen)
  const reference = bestOf(set.meanScores)
  const costRef = bundle.costRefUsd
  const model = openEnsemble(bundle)
  const predictions = predictRows(model, featured, test)
  const at = (lambda) => judge(predictions, pickAll(predictions, lambda, costRef), reference)
  const measureAt = (target, lambda) => {
    const picks = pickAll(predictions, lambda, costRef)
    const { ratio, saved, quality } = judge(predictions, picks, reference)
    return {
      target,
      lambda,
      ratio,
      saved,
      quality,
      interval: bootstrapRatio(predictions, picks, reference, seed),
    }
  }
  const profiles = targets.map((target) =>
    measureAt(target, fitLambda(validation, reference, target, costRef).lambda),
  )
  // The more careful rule, beside the one that serves.
  const careful = targets.map((target) =>
    measureAt(target, carefulLambda(validation, reference, target, costRef)),
  )
  const fixed = (model) => judge(predictions, new Int32Array(predictions.rows).fill(model), reference)
  const cheapest = [...set.meanCosts.keys()].sort((a, b) => set.meanCosts[a] - set.meanCosts[b])[0]
  const votes = knnVotes(featured, seen, test, seed)
  return {
    seed,
    rows: { seen: seen.length, test: test.length },
    profiles,
    careful,
    free: at(0).quality,
    best: fixed(reference).quality,
    cheapest: fixed(cheapest).quality,
    random: meanOf(predictions.scores),
    oracle: oracleOf(predictions),
    votes: judge(predictions, votes, reference).quality,
    aiq: averageImprovedQuality(predictions, reference, costRef),
    staticAiq: averageImprovedQuality(staticPredictions(predictions, set), reference, costRef),
    ece: calibrationError(predictions),
    flips: measureFlips(featured, test, bundle, profiles[1].lambda),
    guarantee: measureGuarantee(validation, predictions, reference, costRef, seed),
    cascade: measureCascade(matrix, bundle, test, predictions),
  }
}

function staticPredictions(predictions, set) {
  const { models } = predictions
  return {
    ...predictions,
    quality: predictions.quality.map((_, at) => set.meanScores[at % models]),
    cost: predictions.cost.map((_, at) => set.meanCosts[at % models]),
  }
}

function meanOf(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function oracleOf({ rows, models, scores }) {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += Math.max(...scores.subarray(row * models, (row + 1) * models))
  return sum / rows
}

/** The cheapest λ whose ratio less one standard error keeps the target up to half a point. */
function carefulLambda(validation, reference, target, costRef) {
  let best = { lambda: 0, saved: Number.NEGATIVE_INFINITY }
  for (const lambda of lambdaGrid) {
    const { ratio, ratioError, saved } = judge(validation, pickAll(validation, lambda, costRef), reference)
    const keeps = lambda === 0 || ratio - ratioError >= target - 0.005
    if (keeps && saved > best.saved) best = { lambda, saved }
  }
  return best.lambda
}
