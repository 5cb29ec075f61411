import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'
import { type HeadArgs, type HeadKind, readArgument, takeTensor, tensor } from './head.ts'
import { LinearArms } from './linear-arms.ts'
import { multiplyWords, randomProjection } from './projection.ts'

const projected = 32
/** Less than the words: a long or short ask is no other ask. */
const structuredScale = 0.3
/** Width of the context: projected words, structured features and the constant. */
const contextSize = projected + structuredSize + 1
/** Rows' worth of training that an arm may begin with, so that what is lived can still move it. */
const mostWarmth = 500

/**
 * LinUCB (Li et al., 2010): a linear model of quality for each arm and what is not known of it, begun with the training rows; the
 * optimist's estimate is served. Never begun cold, which would try every bad model on real requests.
 */
export const linearBanditHead: HeadKind = {
  strategy: 'llmrouter-linucb',
  train(set, { seed }) {
    const projection = randomProjection(projected, seed + 61)
    const reader = new ContextReader(projection)
    const width = set.models.length
    const arms = new LinearArms(width, contextSize)
    const totals = new Float64Array(width)
    for (let at = 0; at < set.weights.length; at++)
      totals[at % width] = (totals[at % width] as number) + (set.weights[at] as number)
    set.points.forEach((point, row) => {
      const context = reader.read(point)
      for (let model = 0; model < width; model++) {
        const weight = set.weights[row * width + model] as number
        const scale = Math.min(1, mostWarmth / Math.max(1, totals[model] as number))
        if (weight > 0) arms.add(model, context, weight * scale, set.scores[row * width + model] as number)
      }
    })
    return {
      projection: tensor([hashedSize, projected], projection),
      outer: tensor([width, contextSize, contextSize], arms.outer),
      rewards: tensor([width, contextSize], arms.rewards),
    }
  },
  check: readOptimism,
  open(weights, { models }, args) {
    const reader = new ContextReader(takeTensor(weights, 'projection', [hashedSize, projected]).values)
    const width = models.length
    const outer = takeTensor(weights, 'outer', [width, contextSize, contextSize]).values
    const rewards = takeTensor(weights, 'rewards', [width, contextSize]).values
    const optimism = readOptimism(args)
    const arms = new LinearArms(width, contextSize)
    const begin = (): void => arms.set(outer, rewards)
    begin()
    arms.solve()
    return {
      estimate(point, _base, quality) {
        const context = reader.read(point)
        for (let model = 0; model < width; model++) quality[model] = arms.estimate(model, context, optimism)
      },
      learn(outcomes) {
        begin()
        for (const { point, model, weight, score } of outcomes)
          arms.add(model, reader.read(point), weight, score)
        arms.solve()
      },
    }
  },
}

function readOptimism(args: HeadArgs): number {
  return readArgument(args, 'alpha', 0.1, [0, 10])
}

/** `[projected words ; structured ; 1]`, of length 1. Overwritten by the next. */
class ContextReader {
  readonly #projection: Float32Array
  readonly #words = new Float64Array(projected)
  readonly #context = new Float64Array(contextSize)

  constructor(projection: Float32Array) {
    this.#projection = projection
  }

  read(point: Point): Float64Array {
    const context = this.#context
    multiplyWords(point, this.#projection, this.#words)
    context.set(this.#words)
    for (let index = 0; index < structuredSize; index++)
      context[projected + index] = structuredScale * (point.structured[index] as number)
    context[contextSize - 1] = 1
    let squares = 0
    for (const value of context) squares += value * value
    const length = Math.sqrt(squares)
    for (let index = 0; index < contextSize; index++) context[index] = (context[index] as number) / length
    return context
  }
}
