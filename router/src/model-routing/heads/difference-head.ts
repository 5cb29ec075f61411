import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'
import { Ensemble } from '../scoring/ensemble.ts'
import { RowNeighbours } from '../scoring/neighbour-table.ts'
import { fullDesign, fullWidth, textScale } from '../training/design.ts'
import { solveRidge } from '../training/solve-ridge.ts'
import { trainEnsemble } from '../training/train-ensemble.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { type HeadArgs, type HeadKind, readWord, sigmoid, takeTensor, tensor } from './head.ts'
import { fitFactor, holdOut, takeRows } from './hold-out.ts'
import { fitScales, joinParts, keepScales, readScales } from './part-scales.ts'
import { keepTrainingRows, openRows } from './training-rows.ts'

const alpha = 200
const rowsOfAlpha = 1_000
const neighbours = { neighbours: 100, temperature: 12, shrink: 8 }
/** Scores this far apart are told apart well, where the target is a probability. */
const softness = 0.1
const thresholdSteps = 50
/** Steps of the thresholds that are known by the share of asks above them. */
export const shareSteps = 100

/**
 * How much better the large one of two models does than the small one: a ridge on the difference of their scores, its neighbours
 * and the domains' difference, each by its spread. Serves `llmrouter-hybrid` and `llmrouter-threshold`.
 */
export const differenceHead: HeadKind = {
  strategy: 'llmrouter-hybrid',
  train(set, { seed, args }) {
    const [small, large] = readPair(set, args)
    const { kept, held } = holdOut(set, seed)
    const target = readTarget(
      args,
      kept.map((row) => differenceOf(set, row, small, large).difference),
    )
    const known = takeRows(set, kept)
    const first = fit(known, small, large, target, seed)
    const base = trainEnsemble(known)
    const ensemble = new Ensemble(base.weights, new RowNeighbours(base.rows))
    const parts = held.map((row) => {
      const point = set.points[row] as Point
      const { domain } = ensemble.predict(point)
      return [...first.read(point), (domain[large] as number) - (domain[small] as number)]
    })
    const scales = fitScales(parts)
    const scaled = parts.map((row) => joinParts(scales, row))
    const gains = held.map((row) => differenceOf(set, row, small, large))
    const mean = meanDifference(set, small, large)
    const factor = fitFactor(
      scaled,
      gains.map(({ difference }) => difference - mean),
      gains.map(({ weight }) => weight),
    )
    const final = fit(set, small, large, target, seed)
    const usual = scaled
      .map((value) => mean + Math.max(0, factor) * value)
      .sort((left, right) => left - right)
    return {
      ...final.rows,
      pair: tensor([2], [small, large]),
      ridge: tensor([fullWidth], final.ridge),
      scales: keepScales(scales, [Math.max(0, factor), mean]),
      quantiles: tensor(
        [shareSteps + 1],
        Array.from(
          { length: shareSteps + 1 },
          (_, step) => usual[Math.min(usual.length - 1, Math.floor((step / shareSteps) * usual.length))] ?? 0,
        ),
      ),
    }
  },
  open(weights, { models, meanScores }) {
    const [small, large] = readTensorPair(takeTensor(weights, 'pair', [2]).values, models.length)
    const ridge = takeTensor(weights, 'ridge', [fullWidth]).values
    const scales = readScales(weights)
    const [factor, mean] = scales.line
    takeTensor(weights, 'quantiles', [shareSteps + 1])
    const near = openDifferences(weights, mean)
    return {
      estimate(point, base, quality) {
        const parts = [
          multiply(point, ridge),
          near(point),
          (base.domain[large] as number) - (base.domain[small] as number),
        ]
        const scaled = joinParts(scales, parts)
        const difference = mean + factor * scaled
        quality.set(meanScores)
        quality[large] = base.quality[large] as number
        quality[small] = (base.quality[large] as number) - difference
      },
    }
  },
}

/** Which column is the small model and which the large one. */
export function readTensorPair(values: ArrayLike<number>, width: number): readonly [number, number] {
  const [small, large] = [values[0] as number, values[1] as number]
  const isColumn = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < width
  if (small === large || !isColumn(small) || !isColumn(large))
    throw new Error('pair does not name two models')
  return [small, large]
}

/** `small` and `large` as named, else the cheapest model and the best one. */
function readPair({ models, meanCosts, meanScores }: TrainingSet, args: HeadArgs): readonly [number, number] {
  const named = (argument: string): number | null => {
    const name = args[argument]
    if (name === undefined) return null
    const at = models.indexOf(String(name))
    if (at < 0) throw new Error(`${argument}: the data has no model ${String(name)}`)
    return at
  }
  const all = models.map((_, at) => at)
  const large =
    named('large') ??
    all.reduce((best, at) => ((meanScores[at] as number) > (meanScores[best] as number) ? at : best), 0)
  const others = all.filter((at) => at !== large)
  const small =
    named('small') ??
    others.reduce(
      (best, at) => ((meanCosts[at] as number) < (meanCosts[best] as number) ? at : best),
      others[0] ?? 0,
    )
  if (small === large) throw new Error('two models are needed, a small and a large one')
  return [small, large]
}

/** What the regression learns of a gain (the large model's score less the small one's). */
type Target = (gain: number) => number

/** The gain itself, whether there was one, how probably, or whether it was above the threshold that tells rows apart best. */
function readTarget(args: HeadArgs, gains: readonly number[]): Target {
  const mode = readWord(args, 'mode', ['difference', 'deterministic', 'probabilistic', 'transformed'])
  if (mode === 'deterministic') return (gain) => (gain <= 0 ? 0 : 1)
  if (mode === 'probabilistic') return (gain) => sigmoid(gain / softness)
  if (mode === 'difference') return (gain) => gain
  const threshold = tellApart(gains)
  return (gain) => (gain <= threshold ? 0 : 1)
}

/** The threshold t at which 2p(1 − p) is greatest, p being the share of gains up to t. */
function tellApart(gains: readonly number[]): number {
  let best = { threshold: 0, parted: -1 }
  for (let step = 0; step < thresholdSteps; step++) {
    const threshold = -1 + (2 * step) / thresholdSteps
    const share = gains.filter((gain) => gain <= threshold).length / Math.max(1, gains.length)
    const parted = 2 * share * (1 - share)
    if (parted > best.parted) best = { threshold, parted }
  }
  return best.threshold
}

interface FittedDifference {
  readonly ridge: Float64Array
  readonly rows: Record<string, ReturnType<typeof tensor>>
  /** What ridge and neighbours say of an ask. */
  read(point: Point): readonly [number, number]
}

function fit(set: TrainingSet, small: number, large: number, target: Target, seed: number): FittedDifference {
  const targets = new Float64Array(set.size)
  const weights = new Float64Array(set.size)
  for (let row = 0; row < set.size; row++) {
    const { difference, weight } = differenceOf(set, row, small, large)
    targets[row] = target(difference)
    weights[row] = weight
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mean =
    targets.reduce((sum, value, row) => sum + value * (weights[row] as number), 0) / Math.max(1, total)
  const ridge = solveRidge({
    design: fullDesign(set.points),
    targets: targets.map((value) => value - mean),
    weights: weights.every((weight) => weight === 1) ? null : weights,
    outputs: 1,
    alpha: alpha * Math.min(1, set.size / rowsOfAlpha),
  })
  const words = Float32Array.from(ridge, (value, at) => (at < hashedSize ? textScale * value : value))
  const rows = {
    ...keepTrainingRows(
      {
        ...set,
        models: ['difference'],
        scores: targets,
        weights,
        partialWeights: null,
        costs: new Float64Array(set.size),
        costWeights: new Float64Array(set.size),
      },
      seed,
    ),
  }
  const near = openDifferences(rows, mean)
  return { ridge: Float64Array.from(words), rows, read: (point) => [multiply(point, words), near(point)] }
}

function openDifferences(weights: Parameters<typeof openRows>[0], mean: number): (point: Point) => number {
  const table = new RowNeighbours(openRows(weights, 1, Float64Array.of(mean), neighbours))
  const out = new Float64Array(1)
  const cost = new Float64Array(1)
  return (point) => {
    table.fill(point, out, cost)
    return out[0] as number
  }
}

function multiply({ slots, values, size, structured }: Point, ridge: ArrayLike<number>): number {
  let sum = ridge[fullWidth - 1] as number
  for (let index = 0; index < size; index++)
    sum += (values[index] as number) * (ridge[slots[index] as number] as number)
  for (let index = 0; index < structuredSize; index++)
    sum += (structured[index] as number) * (ridge[hashedSize + index] as number)
  return sum
}

function differenceOf(
  { models, scores, weights }: TrainingSet,
  row: number,
  small: number,
  large: number,
): { readonly difference: number; readonly weight: number } {
  const [one, other] = [row * models.length + large, row * models.length + small]
  return {
    difference: (scores[one] as number) - (scores[other] as number),
    weight: Math.min(weights[one] as number, weights[other] as number),
  }
}

function meanDifference(set: TrainingSet, small: number, large: number): number {
  return (set.meanScores[large] as number) - (set.meanScores[small] as number)
}
