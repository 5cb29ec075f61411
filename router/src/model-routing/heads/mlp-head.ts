import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { gaussians, randomFrom, shuffled } from '../training/random.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { AdamMatrix } from './adam.ts'
import { type HeadArgs, type HeadKind, readArgument, sigmoid, takeTensor, tensor } from './head.ts'
import { holdOut } from './hold-out.ts'
import { multiplyWords } from './projection.ts'

const standardLayers: readonly number[] = [128, 64]
const [batchSize, learningRate, weightDecay, dropout, patience] = [32, 1e-3, 1e-4, 0.1, 5]
const standardEpochs = 100

/** A small network: words, hidden layers of rectified units, one sigmoid for each model. */
export const mlpHead: HeadKind = {
  strategy: 'llmrouter-mlp',
  train(set, { seed, args }) {
    const sizes = [...readLayers(args), set.models.length]
    const epochs = Math.round(readArgument(args, 'max_iter', standardEpochs, [1, 1_000]))
    const network = trainNetwork(set, sizes, epochs, seed)
    return Object.fromEntries(
      network.flatMap(({ weights, bias }, layer) => {
        const to = bias.columns
        return [
          [`weights_${layer}`, tensor([weights.values.length / to, to], weights.values)],
          [`bias_${layer}`, tensor([to], bias.values)],
        ]
      }),
    )
  },
  open(weights, { models }) {
    const layers: { readonly weights: Float32Array; readonly bias: Float32Array }[] = []
    let inputs = hashedSize
    while (weights[`weights_${layers.length}`] !== undefined) {
      const at = layers.length
      const bias = takeTensor(weights, `bias_${at}`, [-1]).values
      layers.push({
        weights: takeTensor(weights, `weights_${at}`, [inputs, bias.length]).values,
        bias,
      })
      inputs = bias.length
    }
    if (layers.length === 0 || inputs !== models.length)
      throw new Error('the last layer is not one unit a model')
    const outs = layers.map(({ bias }) => new Float64Array(bias.length))
    return {
      estimate(point, _base, quality) {
        layers.forEach((layer, at) => {
          const out = outs[at] as Float64Array
          if (at === 0) multiplyWords(point, layer.weights, out)
          else multiplyDense(outs[at - 1] as Float64Array, layer.weights, out)
          activate(out, layer.bias, at === layers.length - 1)
        })
        quality.set(outs.at(-1) as Float64Array)
      },
    }
  },
}

function readLayers(args: HeadArgs): readonly number[] {
  const value = args['hidden_layer_sizes'] ?? standardLayers
  const isSound =
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= 3 &&
    value.every((size) => Number.isInteger(size) && size >= 1 && size <= 512)
  if (isSound) return value as number[]
  throw new Error('hidden_layer_sizes must be one to three whole numbers from 1 to 512')
}

interface Layer {
  readonly weights: AdamMatrix
  readonly bias: AdamMatrix
}

/** Adam on the cross-entropy of soft labels; stops when held-out rows get no better, and goes back to where they were best. */
function trainNetwork(
  set: TrainingSet,
  sizes: readonly number[],
  epochs: number,
  seed: number,
): readonly Layer[] {
  const layers = createLayers(set, sizes, seed)
  const { kept, held } = holdOut(set, seed)
  const random = randomFrom(seed + 31)
  const trainer = new Trainer(set, layers, () => random.next())
  let best = { loss: Number.POSITIVE_INFINITY, values: snapshot(layers), epoch: 0 }
  for (let epoch = 0; epoch < epochs && epoch - best.epoch <= patience; epoch++) {
    const order = shuffled(kept.length, random).map((at) => kept[at] as number)
    for (let from = 0; from < order.length; from += batchSize)
      trainer.learn(order.slice(from, from + batchSize))
    const loss = held.reduce((sum, row) => sum + trainer.lossOf(row), 0)
    if (loss < best.loss) best = { loss, values: snapshot(layers), epoch }
  }
  layers.forEach(({ weights, bias }, at) => {
    const [own, offsets] = best.values[at] as [Float64Array, Float64Array]
    weights.values.set(own)
    bias.values.set(offsets)
  })
  return layers
}

function snapshot(layers: readonly Layer[]): [Float64Array, Float64Array][] {
  return layers.map(({ weights, bias }) => [weights.values.slice(), bias.values.slice()])
}

/** He's initialisation; the last layer begins at the models' means. */
function createLayers(set: TrainingSet, sizes: readonly number[], seed: number): readonly Layer[] {
  return sizes.map((to, layer) => {
    const from = layer === 0 ? hashedSize : (sizes[layer - 1] as number)
    // Words are a vector of length 1, however many there are.
    const fanIn = layer === 0 ? 1 : from
    const isLast = layer === sizes.length - 1
    const spread = isLast ? 0.01 : Math.sqrt(2 / fanIn)
    const values = Float64Array.from(gaussians(from * to, seed + 32 + layer), (value) => value * spread)
    const bias = new Float64Array(to)
    if (isLast)
      bias.forEach((_, model) => {
        const mean = Math.max(0.01, Math.min(0.99, set.meanScores[model] as number))
        bias[model] = Math.log(mean / (1 - mean))
      })
    return { weights: new AdamMatrix(values, to), bias: new AdamMatrix(bias, to) }
  })
}

/** Forward and backward through the layers. */
class Trainer {
  readonly #set: TrainingSet
  readonly #layers: readonly Layer[]
  readonly #random: () => number
  readonly #outs: readonly Float64Array[]
  readonly #slopes: readonly Float64Array[]

  constructor(set: TrainingSet, layers: readonly Layer[], random: () => number) {
    this.#set = set
    this.#layers = layers
    this.#random = random
    this.#outs = layers.map(({ bias }) => new Float64Array(bias.columns))
    this.#slopes = layers.map(({ bias }) => new Float64Array(bias.columns))
  }

  learn(rows: readonly number[]): void {
    for (const row of rows) {
      const point = this.#set.points[row] as Point
      this.#forward(point, true)
      this.#backward(row, point, 1 / rows.length)
    }
    for (const { weights, bias } of this.#layers) {
      weights.step(learningRate, weightDecay)
      bias.step(learningRate, 0)
    }
  }

  lossOf(row: number): number {
    this.#forward(this.#set.points[row] as Point, false)
    const out = this.#outs.at(-1) as Float64Array
    let loss = 0
    out.forEach((q, model) => {
      const at = row * out.length + model
      const target = this.#set.scores[at] as number
      loss -=
        (this.#set.weights[at] as number) *
        (target * Math.log(Math.max(1e-9, q)) + (1 - target) * Math.log(Math.max(1e-9, 1 - q)))
    })
    return loss
  }

  #forward(point: Point, drops: boolean): void {
    this.#layers.forEach(({ weights, bias }, at) => {
      const out = this.#outs[at] as Float64Array
      if (at === 0) multiplyWords(point, weights.values, out)
      else multiplyDense(this.#outs[at - 1] as Float64Array, weights.values, out)
      const isLast = at === this.#layers.length - 1
      activate(out, bias.values, isLast)
      if (!drops || isLast) return
      for (let unit = 0; unit < out.length; unit++)
        out[unit] = this.#random() < dropout ? 0 : (out[unit] as number) / (1 - dropout)
    })
  }

  #backward(row: number, { slots, values, size }: Point, share: number): void {
    const last = this.#layers.length - 1
    const slope = this.#slopes[last] as Float64Array
    const out = this.#outs[last] as Float64Array
    for (let model = 0; model < out.length; model++) {
      const at = row * out.length + model
      slope[model] =
        share *
        (this.#set.weights[at] as number) *
        ((out[model] as number) - (this.#set.scores[at] as number))
    }
    for (let at = last; at >= 0; at--) {
      const { weights, bias } = this.#layers[at] as Layer
      const own = this.#slopes[at] as Float64Array
      bias.push(0, own, 1)
      if (at === 0) {
        for (let index = 0; index < size; index++)
          weights.push(slots[index] as number, own, values[index] as number)
        continue
      }
      const before = this.#outs[at - 1] as Float64Array
      const slopes = this.#slopes[at - 1] as Float64Array
      for (let unit = 0; unit < before.length; unit++) {
        const value = before[unit] as number
        slopes[unit] = 0
        // A unit that is off, or was left out, passes nothing on.
        if (value <= 0) continue
        let sum = 0
        for (let to = 0; to < own.length; to++)
          sum += (own[to] as number) * (weights.values[unit * own.length + to] as number)
        slopes[unit] = sum
        weights.push(unit, own, value)
      }
    }
  }
}

/** `out` becomes the vector times a matrix of its length × `out.length`. */
function multiplyDense(vector: Float64Array, matrix: ArrayLike<number>, out: Float64Array): void {
  out.fill(0)
  for (let row = 0; row < vector.length; row++) {
    const value = vector[row] as number
    if (value === 0) continue
    for (let column = 0; column < out.length; column++)
      out[column] = (out[column] as number) + value * (matrix[row * out.length + column] as number)
  }
}

function activate(out: Float64Array, bias: ArrayLike<number>, isLast: boolean): void {
  for (let unit = 0; unit < out.length; unit++) {
    const value = (out[unit] as number) + (bias[unit] as number)
    out[unit] = isLast ? sigmoid(value) : Math.max(0, value)
  }
}
