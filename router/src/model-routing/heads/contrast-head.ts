import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { clusterPoints } from '../training/cluster-points.ts'
import { gaussians, randomFrom, shuffled } from '../training/random.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { AdamMatrix } from './adam.ts'
import { type HeadKind, takeTensor, tensor } from './head.ts'
import { fitFactor, holdOut } from './hold-out.ts'
import { multiplyWords } from './projection.ts'

const size = 64
const temperature = 0.07
const [steps, batchSize, learningRate] = [500, 32, 0.01]
/** So many of the best models of a row attract it, and so many of the worst repel it. */
const sides = 3
const clusters = 3
/** A model that did this well repels nothing. */
const good = 0.5

/**
 * Dual contrastive learning (RouterDC, Chen et al., 2024) on our own features: asks are drawn to models that answer them and to asks
 * of their cluster, and pushed off the others. How much a model's share of attraction says of its quality is fitted to held-out rows.
 */
export const contrastHead: HeadKind = {
  strategy: 'llmrouter-dc',
  train(set, { seed }) {
    const { kept, held } = holdOut(set, seed)
    const learned = learn(set, kept, seed)
    const shares = sharesOf(learned, set, held)
    const width = set.models.length
    const mean = meanShares(sharesOf(learned, set, kept), width)
    const factor = fitFactor(
      shares.map((share, at) => share - (mean[at % width] as number)),
      held.flatMap((row) =>
        set.models.map(
          (_, model) => (set.scores[row * width + model] as number) - (set.meanScores[model] as number),
        ),
      ),
      held.flatMap((row) => set.models.map((_, model) => set.weights[row * width + model] as number)),
    )
    return {
      words: tensor([hashedSize, size], learned.words.values),
      models: tensor([width, size], learned.models.values),
      mean_shares: tensor([width], mean),
      // Attraction that tells the wrong way round tells nothing.
      factor: tensor([1], [Math.max(0, factor)]),
    }
  },
  open(weights, { models, meanScores }) {
    const words = takeTensor(weights, 'words', [hashedSize, size]).values
    const points = takeTensor(weights, 'models', [models.length, size]).values
    const mean = takeTensor(weights, 'mean_shares', [models.length]).values
    const factor = takeTensor(weights, 'factor', [1]).values[0] as number
    const ask = new Float64Array(size)
    return {
      estimate(point, _base, quality) {
        place(point, words, ask)
        fillShares(ask, points, quality)
        for (let model = 0; model < models.length; model++)
          quality[model] =
            (meanScores[model] as number) + factor * ((quality[model] as number) - (mean[model] as number))
      },
    }
  },
}

interface Learned {
  readonly words: AdamMatrix
  readonly models: AdamMatrix
}

function learn(set: TrainingSet, rows: readonly number[], seed: number): Learned {
  const draws = (count: number, own: number): Float64Array =>
    Float64Array.from(gaussians(count, seed + own), (value) => value / Math.sqrt(size))
  const words = new AdamMatrix(draws(hashedSize * size, 51), size)
  const models = new AdamMatrix(draws(set.models.length * size, 52), size)
  const { labels } = clusterPoints(
    rows.map((row) => set.points[row] as Point),
    { clusters: Math.min(clusters, rows.length), iterations: 15, seed: seed + 53 },
  )
  const random = randomFrom(seed + 54)
  const asks = Array.from({ length: batchSize }, () => new Float64Array(size))
  const lengths = new Float64Array(batchSize)
  let order: number[] = []
  for (let step = 0; step < steps; step++) {
    if (order.length < batchSize) order = shuffled(rows.length, random)
    const batch = order.splice(0, batchSize)
    batch.forEach((index, at) => {
      lengths[at] = place(set.points[rows[index] as number] as Point, words.values, asks[at] as Float64Array)
    })
    const slopes = batch.map(() => new Float64Array(size))
    batch.forEach((index, at) => {
      const ask = asks[at] as Float64Array
      attractModels(set, rows[index] as number, ask, models, slopes[at] as Float64Array, 1 / batch.length)
    })
    attractAsks(
      batch.map((index) => labels[index] as number),
      asks,
      slopes,
      1 / batch.length,
    )
    batch.forEach((index, at) => {
      const ask = asks[at] as Float64Array
      const slope = slopes[at] as Float64Array
      throughLength(slope, ask, lengths[at] as number)
      const point = set.points[rows[index] as number] as Point
      for (let slot = 0; slot < point.size; slot++)
        words.push(point.slots[slot] as number, slope, point.values[slot] as number)
    })
    const rate = learningRate * (1 - step / steps)
    words.step(rate, 0)
    models.step(rate, 0)
  }
  return { words, models }
}

/** For each of the best models: the softmax of its attraction against the worst ones. */
function attractModels(
  set: TrainingSet,
  row: number,
  ask: Float64Array,
  models: AdamMatrix,
  slope: Float64Array,
  share: number,
): void {
  const width = set.models.length
  const scoreOf = (model: number): number => set.scores[row * width + model] as number
  const tried = set.models.flatMap((_, model) =>
    (set.weights[row * width + model] as number) > 0 ? [model] : [],
  )
  const ranked = tried.sort((left, right) => scoreOf(right) - scoreOf(left))
  const side = Math.min(sides, Math.floor(ranked.length / 2))
  const positives = ranked.slice(0, side)
  const negatives = ranked.slice(ranked.length - side).filter((model) => scoreOf(model) <= good)
  if (negatives.length === 0) return
  for (const positive of positives) {
    // Equals attract equally.
    if (scoreOf(positive) <= scoreOf(negatives.at(-1) as number)) continue
    contrast(
      [positive, ...negatives].map((model) => ({
        vector: models.values.subarray(model * size, (model + 1) * size),
        push: (direction: Float64Array, scale: number) => models.push(model, direction, scale),
      })),
      ask,
      slope,
      share,
    )
  }
}

/** Each ask of the batch with another of its cluster, against those of other clusters. */
function attractAsks(
  labels: readonly number[],
  asks: readonly Float64Array[],
  slopes: readonly Float64Array[],
  share: number,
): void {
  labels.forEach((label, at) => {
    const partner = labels.findIndex((other, index) => index !== at && other === label)
    const others = labels.flatMap((other, index) => (other === label ? [] : [index]))
    if (partner < 0 || others.length === 0) return
    contrast(
      [partner, ...others].map((index) => ({ vector: asks[index] as Float64Array, push: null })),
      asks[at] as Float64Array,
      slopes[at] as Float64Array,
      share,
    )
  })
}

interface Attractor {
  readonly vector: Float64Array
  readonly push: ((direction: Float64Array, scale: number) => void) | null
}

/** −log softmax of the first attractor: adds to the slope of the ask, and of the attractors that learn. */
function contrast(
  attractors: readonly Attractor[],
  ask: Float64Array,
  slope: Float64Array,
  share: number,
): void {
  const lengths = attractors.map(({ vector, push }) => (push === null ? 1 : lengthOf(vector)))
  const logits = attractors.map(
    ({ vector }, at) => inner(ask, vector) / (lengths[at] as number) / temperature,
  )
  const largest = Math.max(...logits)
  const masses = logits.map((logit) => Math.exp(logit - largest))
  const total = masses.reduce((sum, mass) => sum + mass, 0)
  attractors.forEach(({ vector, push }, at) => {
    const scale = (share * ((masses[at] as number) / total - (at === 0 ? 1 : 0))) / temperature
    const length = lengths[at] as number
    for (let column = 0; column < size; column++)
      slope[column] = (slope[column] as number) + (scale * (vector[column] as number)) / length
    if (push === null) return
    const direction = ask.slice()
    throughLength(
      direction,
      vector.map((value) => value / length),
      length,
    )
    push(direction, scale)
  })
}

/** What a slope with respect to a vector of length 1 is with respect to the vector before it was made so. */
function throughLength(slope: Float64Array, unit: Float64Array, length: number): void {
  const along = inner(slope, unit)
  for (let column = 0; column < size; column++)
    slope[column] = ((slope[column] as number) - along * (unit[column] as number)) / length
}

/** The ask's point, of length 1; returns its length before. */
function place(point: Point, words: ArrayLike<number>, out: Float64Array): number {
  multiplyWords(point, words, out)
  const length = lengthOf(out)
  for (let column = 0; column < size; column++) out[column] = (out[column] as number) / length
  return length
}

function fillShares(ask: Float64Array, models: ArrayLike<number>, out: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY
  for (let model = 0; model < out.length; model++) {
    let sum = 0
    let squares = 0
    for (let column = 0; column < size; column++) {
      const value = models[model * size + column] as number
      sum += (ask[column] as number) * value
      squares += value * value
    }
    const logit = sum / Math.sqrt(Math.max(1e-12, squares)) / temperature
    out[model] = logit
    largest = Math.max(largest, logit)
  }
  let total = 0
  for (let model = 0; model < out.length; model++) {
    out[model] = Math.exp((out[model] as number) - largest)
    total += out[model] as number
  }
  for (let model = 0; model < out.length; model++) out[model] = (out[model] as number) / total
}

/** Shares by row and model. */
function sharesOf({ words, models }: Learned, set: TrainingSet, rows: readonly number[]): Float64Array {
  const width = set.models.length
  const all = new Float64Array(rows.length * width)
  const ask = new Float64Array(size)
  rows.forEach((row, at) => {
    place(set.points[row] as Point, words.values, ask)
    fillShares(ask, models.values, all.subarray(at * width, (at + 1) * width))
  })
  return all
}

function meanShares(shares: Float64Array, width: number): Float64Array {
  const means = new Float64Array(width)
  const rows = Math.max(1, shares.length / width)
  shares.forEach((share, at) => {
    means[at % width] = (means[at % width] as number) + share / rows
  })
  return means
}

function inner(one: Float64Array, other: Float64Array): number {
  let sum = 0
  for (let column = 0; column < size; column++) sum += (one[column] as number) * (other[column] as number)
  return sum
}

function lengthOf(vector: Float64Array): number {
  return Math.sqrt(Math.max(1e-12, inner(vector, vector)))
}
