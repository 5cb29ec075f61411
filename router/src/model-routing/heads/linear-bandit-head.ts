import type { Point } from '../features/feature-space.ts'
import { fnvOf, hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'
import { type HeadArgs, type HeadKind, readArgument, takeTensor, tensor } from './head.ts'
import { LinearArms } from './linear-arms.ts'
import { multiplyWords, randomProjection } from './projection.ts'

const projected = 32
/** Less than the words: a long or short ask is no other ask. */
const structuredScale = 0.3
/**
 * What a team's place weighs beside the rest of the context, which has length 1: some eleven outcomes of a team move its estimates
 * half of the way from everybody's to its own.
 */
const tenantScale = 0.3
const [usualBuckets, mostBuckets] = [8, 64]
/** Width of what is trained: projected words, structured features and the constant. */
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
    // A bundle is everybody's and knows no teams.
    const reader = new ContextReader(projection, 0)
    const width = set.models.length
    const arms = new LinearArms(width, contextSize)
    const totals = new Float64Array(width)
    for (let at = 0; at < set.weights.length; at++)
      totals[at % width] = (totals[at % width] as number) + (set.weights[at] as number)
    set.points.forEach((point, row) => {
      const context = reader.read(point, null)
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
  check(args) {
    readOptimism(args)
    readBuckets(args)
  },
  open(weights, { models }, args) {
    const buckets = readBuckets(args)
    const size = contextSize + buckets
    const projection = takeTensor(weights, 'projection', [hashedSize, projected]).values
    const reader = new ContextReader(projection, buckets)
    const width = models.length
    const outer = takeTensor(weights, 'outer', [width, contextSize, contextSize]).values
    const rewards = takeTensor(weights, 'rewards', [width, contextSize]).values
    const optimism = readOptimism(args)
    const arms = new LinearArms(width, size)
    const trained = { outer: widen(outer, contextSize, size), rewards: widenRows(rewards, contextSize, size) }
    const begin = (): void => arms.set(trained.outer, trained.rewards)
    begin()
    arms.solve()
    return {
      estimate(point, _base, quality, team) {
        const context = reader.read(point, team)
        for (let model = 0; model < width; model++) quality[model] = arms.estimate(model, context, optimism)
      },
      learn(outcomes) {
        begin()
        for (const { point, model, team, weight, score } of outcomes)
          arms.add(model, reader.read(point, team), weight, score)
        arms.solve()
      },
    }
  },
}

function readOptimism(args: HeadArgs): number {
  return readArgument(args, 'alpha', 0.1, [0, 10])
}

/** Into how many parts teams fall that share what was lived of them; 0 for one part. */
function readBuckets(args: HeadArgs): number {
  const buckets = readArgument(args, 'tenant_buckets', usualBuckets, [0, mostBuckets])
  if (Number.isInteger(buckets)) return buckets
  throw new Error('tenant_buckets must be a whole number')
}

/** Matrices of every arm with room for the teams, of which training knows nothing. */
function widen(matrices: Float32Array, from: number, to: number): Float32Array {
  return widenRows(widenRows(matrices, from, to), from * to, to * to)
}

function widenRows(rows: Float32Array, from: number, to: number): Float32Array {
  const count = rows.length / from
  const wide = new Float32Array(count * to)
  for (let row = 0; row < count; row++) wide.set(rows.subarray(row * from, (row + 1) * from), row * to)
  return wide
}

/** `[projected words ; structured ; 1]` of length 1, and the team's bucket beside it. Overwritten by the next. */
class ContextReader {
  readonly #projection: Float32Array
  readonly #buckets: number
  readonly #words = new Float64Array(projected)
  readonly #context: Float64Array

  constructor(projection: Float32Array, buckets: number) {
    this.#projection = projection
    this.#buckets = buckets
    this.#context = new Float64Array(contextSize + buckets)
  }

  read(point: Point, team: string | null): Float64Array {
    const context = this.#context.fill(0)
    multiplyWords(point, this.#projection, this.#words)
    context.set(this.#words)
    for (let index = 0; index < structuredSize; index++)
      context[projected + index] = structuredScale * (point.structured[index] as number)
    context[contextSize - 1] = 1
    let squares = 0
    for (const value of context) squares += value * value
    const length = Math.sqrt(squares)
    for (let index = 0; index < contextSize; index++) context[index] = (context[index] as number) / length
    if (team !== null && this.#buckets > 0) context[contextSize + (fnvOf(team) % this.#buckets)] = tenantScale
    return context
  }
}
