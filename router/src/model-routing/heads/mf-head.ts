import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { gaussians, randomFrom, shuffled } from '../training/random.ts'
import { AdamMatrix } from './adam.ts'
import { type HeadKind, sigmoid, takeTensor, tensor } from './head.ts'
import { multiplyWords } from './projection.ts'

const rank = 64
const [batchSize, learningRate, weightDecay, epochs] = [32, 0.01, 1e-5, 20]

/**
 * Matrix factorisation: an ask and a model are points of 64 dimensions, and their inner product says how well they go together
 * (σ of it is the quality). The ask's point is linear in its words.
 */
export const mfHead: HeadKind = {
  strategy: 'llmrouter-mf',
  train(set, { seed }) {
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
    const learn = (row: number, share: number): void => {
      const point = set.points[row] as Point
      multiplyWords(point, words.values, ask)
      askSlope.fill(0)
      for (let model = 0; model < width; model++) {
        const at = row * width + model
        const weight = set.weights[at] as number
        if (weight === 0) continue
        const q = sigmoid(inner(ask, models.values, model) + (bias.values[model] as number))
        const slope = share * weight * (q - (set.scores[at] as number))
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

function inner(ask: Float64Array, models: ArrayLike<number>, model: number): number {
  let sum = 0
  for (let column = 0; column < rank; column++)
    sum += (ask[column] as number) * (models[model * rank + column] as number)
  return sum
}
