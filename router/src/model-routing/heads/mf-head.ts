import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { gaussians, randomFrom, shuffled } from '../training/random.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { AdamMatrix } from './adam.ts'
import { type HeadKind, readWord, sigmoid, takeTensor, tensor } from './head.ts'
import { multiplyWords } from './projection.ts'

const rank = 64
const [batchSize, learningRate, weightDecay, epochs] = [32, 0.01, 1e-5, 20]

/**
 * Matrix factorisation: an ask and a model are points of 64 dimensions, and their inner product says how well they go together
 * (σ of it is the quality). The ask's point is linear in its words. With `loss: pairs` it learns which of two models did better and
 * not how well either did, as from battles; the level is then that of the mean score.
 */
export const mfHead: HeadKind = {
  strategy: 'llmrouter-mf',
  train(set, { seed, args }) {
    const width = set.models.length
    const scaled = (values: Float32Array, scale: number): Float64Array =>
      Float64Array.from(values, (value) => value * scale)
    const words = new AdamMatrix(scaled(gaussians(hashedSize * rank, seed + 41), 0.1), rank)
    const models = new AdamMatrix(scaled(gaussians(width * rank, seed + 42), 1 / Math.sqrt(rank)), rank)
    const bias = new AdamMatrix(
      set.meanScores.map((score) => {
        const mean = Math.max(0.01, Math.min(0.99, score))
        return Math.log(mean / (1 - mean))
      }),
      1,
    )
    const random = randomFrom(seed + 43)
    const ask = new Float64Array(rank)
    const askSlope = new Float64Array(rank)
    const fits = new Float64Array(width)
    const slopes = new Float64Array(width)
    const readFits = (point: Point): void => {
      multiplyWords(point, words.values, ask)
      for (let model = 0; model < width; model++)
        fits[model] = inner(ask, models.values, model) + (bias.values[model] as number)
    }
    const fillSlopes = readWord(args, 'loss', ['scores', 'pairs']) === 'pairs' ? fillByPairs : fillByScores
    const learn = (row: number, share: number): void => {
      const point = set.points[row] as Point
      readFits(point)
      fillSlopes(set, row, fits, slopes)
      askSlope.fill(0)
      for (let model = 0; model < width; model++) {
        const slope = share * (slopes[model] as number)
        if (slope === 0) continue
        for (let column = 0; column < rank; column++)
          askSlope[column] =
            (askSlope[column] as number) + slope * (models.values[model * rank + column] as number)
        models.push(model, ask, slope)
        bias.push(model, [1], slope)
      }
      for (let index = 0; index < point.size; index++)
        words.push(point.slots[index] as number, askSlope, point.values[index] as number)
    }
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = shuffled(set.size, random)
      // The rate falls to nothing, so that the last rows seen do not count for more than the others.
      const rate = learningRate * (1 - epoch / epochs)
      for (let from = 0; from < order.length; from += batchSize) {
        const batch = order.slice(from, from + batchSize)
        for (const row of batch) learn(row, 1 / batch.length)
        for (const matrix of [words, models, bias]) matrix.step(rate, weightDecay)
      }
    }
    if (fillSlopes === fillByPairs) {
      const level = findLevel(set, (row) => {
        readFits(set.points[row] as Point)
        return fits
      })
      bias.values.forEach((value, model) => {
        bias.values[model] = value + level
      })
    }
    return {
      words: tensor([hashedSize, rank], words.values),
      models: tensor([width, rank], models.values),
      bias: tensor([width], bias.values),
    }
  },
  open(weights, { models }) {
    const words = takeTensor(weights, 'words', [hashedSize, rank]).values
    const points = takeTensor(weights, 'models', [models.length, rank]).values
    const bias = takeTensor(weights, 'bias', [models.length]).values
    const ask = new Float64Array(rank)
    return {
      estimate(point, _base, quality) {
        multiplyWords(point, words, ask)
        for (let model = 0; model < models.length; model++)
          quality[model] = sigmoid(inner(ask, points, model) + (bias[model] as number))
      },
    }
  },
}

/** Slopes of the cross-entropy in the fit of every model, from what it scored on one row. */
type FillSlopes = (set: TrainingSet, row: number, fits: Float64Array, slopes: Float64Array) => void

const fillByScores: FillSlopes = ({ scores, weights }, row, fits, slopes) => {
  for (let model = 0; model < fits.length; model++) {
    const at = row * fits.length + model
    slopes[model] = (weights[at] as number) * (sigmoid(fits[model] as number) - (scores[at] as number))
  }
}

/** Of every two models the better should fit better; ties say nothing. */
const fillByPairs: FillSlopes = ({ scores, weights }, row, fits, slopes) => {
  const width = fits.length
  slopes.fill(0)
  for (let winner = 0; winner < width; winner++)
    for (let loser = 0; loser < width; loser++) {
      const [won, lost] = [row * width + winner, row * width + loser]
      if ((scores[won] as number) <= (scores[lost] as number)) continue
      const weight = Math.min(weights[won] as number, weights[lost] as number) / (width - 1)
      const slope = weight * (sigmoid((fits[winner] as number) - (fits[loser] as number)) - 1)
      slopes[winner] = (slopes[winner] as number) + slope
      slopes[loser] = (slopes[loser] as number) - slope
    }
}

const [levelSteps, mostLevel] = [40, 20]

/** What is to be added to every fit for estimates to have the mean of the scores; by bisection, for it only rises. */
function findLevel(set: TrainingSet, fitsOf: (row: number) => Float64Array): number {
  const width = set.models.length
  const cells: { readonly fit: number; readonly weight: number }[] = []
  let total = 0
  for (let row = 0; row < set.size; row++) {
    const fits = fitsOf(row)
    for (let model = 0; model < width; model++) {
      const at = row * width + model
      const weight = set.weights[at] as number
      if (weight === 0) continue
      cells.push({ fit: fits[model] as number, weight })
      total += weight * (set.scores[at] as number)
    }
  }
  const isAbove = (level: number): boolean =>
    cells.reduce((sum, { fit, weight }) => sum + weight * sigmoid(fit + level), 0) > total
  let [low, high] = [-mostLevel, mostLevel]
  for (let step = 0; step < levelSteps; step++) {
    const middle = (low + high) / 2
    if (isAbove(middle)) high = middle
    else low = middle
  }
  return (low + high) / 2
}

function inner(ask: Float64Array, models: ArrayLike<number>, model: number): number {
  let sum = 0
  for (let column = 0; column < rank; column++)
    sum += (ask[column] as number) * (models[model * rank + column] as number)
  return sum
}
