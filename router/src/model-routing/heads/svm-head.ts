import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { gaussians, randomFrom, shuffled } from '../training/random.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { type HeadKind, readArgument, sigmoid, takeTensor, tensor } from './head.ts'
import { holdOut } from './hold-out.ts'
import { multiplyWords, randomProjection } from './projection.ts'

const projected = 64
const frequencies = 512
const epochs = 20
const good = 0.5

/**
 * One soft-margin classifier for each model ("will its answer be good?") on random Fourier features of the Gaussian kernel (Rahimi
 * and Recht, 2007), trained by dual coordinate descent (Hsieh et al., 2008), and Platt's sigmoid on held-out rows.
 */
export const svmHead: HeadKind = {
  strategy: 'llmrouter-svm',
  train(set, { seed, args }) {
    const cost = readArgument(args, 'C', 1, [1e-4, 1e4])
    const projection = randomProjection(projected, seed + 21)
    const gamma = readGamma(set, projection)
    const omega = gaussians(frequencies * projected, seed + 22).map((value) => value * Math.sqrt(2 * gamma))
    const random = randomFrom(seed + 23)
    const phase = Float32Array.from({ length: frequencies }, () => 2 * Math.PI * random.next())
    const map = new FourierMap(projection, omega, phase)
    const rows = set.points.map((point) => map.read(point).slice())
    const width = set.models.length
    const { kept, held } = holdOut(set, seed)
    const machines = new Float32Array(width * (frequencies + 1))
    const platt = new Float32Array(width * 2)
    for (let model = 0; model < width; model++) {
      const calibrated = calibrate(set, model, held, rows, descend(set, model, kept, rows, cost, seed))
      platt.set(calibrated, model * 2)
      const all = descend(set, model, [...kept, ...held], rows, cost, seed)
      machines.set(all, model * (frequencies + 1))
    }
    return {
      projection: tensor([hashedSize, projected], projection),
      omega: tensor([frequencies, projected], omega),
      phase: tensor([frequencies], phase),
      machines: tensor([width, frequencies + 1], machines),
      platt: tensor([width, 2], platt),
    }
  },
  open(weights, { models }) {
    const map = new FourierMap(
      takeTensor(weights, 'projection', [hashedSize, projected]).values,
      takeTensor(weights, 'omega', [frequencies, projected]).values,
      takeTensor(weights, 'phase', [frequencies]).values,
    )
    const machines = takeTensor(weights, 'machines', [models.length, frequencies + 1]).values
    const platt = takeTensor(weights, 'platt', [models.length, 2]).values
    return {
      estimate(point, _base, quality) {
        const features = map.read(point)
        for (let model = 0; model < models.length; model++) {
          const margin = dot(machines, model * (frequencies + 1), features)
          quality[model] = sigmoid((platt[2 * model] as number) * margin + (platt[2 * model + 1] as number))
        }
      },
    }
  },
}

/** `√(2/D)·cos(ω·Wx + b)`, and a constant. Overwritten by the next. */
class FourierMap {
  readonly #projection: Float32Array
  readonly #omega: Float32Array
  readonly #phase: Float32Array
  readonly #low = new Float64Array(projected)
  readonly #out = new Float64Array(frequencies + 1)

  constructor(projection: Float32Array, omega: Float32Array, phase: Float32Array) {
    this.#projection = projection
    this.#omega = omega
    this.#phase = phase
  }

  read(point: Point): Float64Array {
    multiplyWords(point, this.#projection, this.#low)
    const scale = Math.sqrt(2 / frequencies)
    for (let index = 0; index < frequencies; index++) {
      let angle = this.#phase[index] as number
      for (let column = 0; column < projected; column++)
        angle += (this.#omega[index * projected + column] as number) * (this.#low[column] as number)
      this.#out[index] = scale * Math.cos(angle)
    }
    this.#out[frequencies] = 1
    return this.#out
  }
}

/** 1 / (dimensions · variance), as is usual. */
function readGamma({ points }: TrainingSet, projection: Float32Array): number {
  const low = new Float64Array(projected)
  let squares = 0
  for (const point of points) {
    multiplyWords(point, projection, low)
    for (const value of low) squares += value * value
  }
  const variance = squares / Math.max(1, points.length * projected)
  return variance > 0 ? 1 / (projected * variance) : 1
}

/** Squared hinge loss. */
function descend(
  set: TrainingSet,
  model: number,
  rows: readonly number[],
  features: readonly Float64Array[],
  cost: number,
  seed: number,
): Float64Array {
  const width = set.models.length
  const tried = rows.filter((row) => (set.weights[row * width + model] as number) > 0)
  const machine = new Float64Array(frequencies + 1)
  const alpha = new Float64Array(tried.length)
  const random = randomFrom(seed + 24)
  for (let epoch = 0; epoch < epochs; epoch++)
    for (const index of shuffled(tried.length, random)) {
      const row = tried[index] as number
      const own = features[row] as Float64Array
      const label = (set.scores[row * width + model] as number) >= good ? 1 : -1
      const softness = 1 / (2 * cost * (set.weights[row * width + model] as number))
      const before = alpha[index] as number
      const slope = label * dot(machine, 0, own) - 1 + softness * before
      const after = Math.max(0, before - slope / (dot(own, 0, own) + softness))
      if (after === before) continue
      alpha[index] = after
      for (let at = 0; at <= frequencies; at++)
        machine[at] = (machine[at] as number) + (after - before) * label * (own[at] as number)
    }
  return machine
}

/** Platt's sigmoid by Newton's method, with his targets that never are 0 or 1. */
function calibrate(
  set: TrainingSet,
  model: number,
  rows: readonly number[],
  features: readonly Float64Array[],
  machine: Float64Array,
): [number, number] {
  const width = set.models.length
  const points = rows.flatMap((row) => {
    const weight = set.weights[row * width + model] as number
    const isGood = (set.scores[row * width + model] as number) >= good
    return weight > 0 ? [{ margin: dot(machine, 0, features[row] as Float64Array), isGood, weight }] : []
  })
  const wins = points.filter(({ isGood }) => isGood).length
  const losses = points.length - wins
  let [slope, offset] = [0, Math.log((wins + 1) / (losses + 1))]
  for (let step = 0; step < 50; step++) {
    let [g1, g2, h11, h12, h22] = [0, 0, 1e-6, 0, 1e-6]
    for (const { margin, isGood, weight } of points) {
      const target = isGood ? (wins + 1) / (wins + 2) : 1 / (losses + 2)
      const p = sigmoid(slope * margin + offset)
      const error = weight * (target - p)
      const spread = weight * p * (1 - p)
      g1 += error * margin
      g2 += error
      h11 += spread * margin * margin
      h12 += spread * margin
      h22 += spread
    }
    const determinant = h11 * h22 - h12 * h12
    if (determinant < 1e-12) break
    const change = [(h22 * g1 - h12 * g2) / determinant, (h11 * g2 - h12 * g1) / determinant] as const
    slope += Math.max(-2, Math.min(2, change[0]))
    offset += Math.max(-2, Math.min(2, change[1]))
    if (Math.abs(change[0]) + Math.abs(change[1]) < 1e-9) break
  }
  // A margin that tells the wrong way round tells nothing.
  return slope > 0 ? [slope, offset] : [0, Math.log((wins + 1) / (losses + 1))]
}

function dot(matrix: ArrayLike<number>, from: number, vector: Float64Array): number {
  let sum = 0
  for (let at = 0; at < vector.length; at++) sum += (matrix[from + at] as number) * (vector[at] as number)
  return sum
}
