import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { buildPostings, type KnnOptions } from '../scoring/knn-index.ts'
import type { ExactRows } from '../scoring/neighbour-table.ts'
import { addColumn, type Probes } from '../training/probe-column.ts'
import { randomFrom, shuffled } from '../training/random.ts'
import type { TrainingSet } from '../training/training-set.ts'
import { type HeadWeights, type Tensor, takeTensor, tensor } from './head.ts'
import { takeRows } from './hold-out.ts'

const mostRows = 20_000
/** Of a quarter of the rows or fewer, so that neighbours stay neighbours. */
const leastShare = 4

/** The rows as tensors: words, scores, and what was tried; 20,000 at most. */
export function keepTrainingRows(all: TrainingSet, seed: number): HeadWeights {
  const chosen = shuffled(all.size, randomFrom(seed + 12)).slice(0, mostRows)
  const set = all.size <= mostRows ? all : takeRows(all, chosen)
  const width = set.models.length
  const starts = [0]
  const slots: number[] = []
  const values: number[] = []
  for (const point of set.points) {
    for (let index = 0; index < point.size; index++) {
      slots.push(point.slots[index] as number)
      values.push(point.values[index] as number)
    }
    starts.push(slots.length)
  }
  return {
    row_starts: tensor([starts.length], starts),
    row_slots: tensor([slots.length], slots),
    row_values: tensor([values.length], values),
    row_scores: tensor([set.size, width], set.scores),
    row_costs: tensor([set.size, width], set.costs),
    row_weights: tensor([set.size, width], set.weights),
  }
}

/** The same rows with a model more that was tried on none of them. */
export function addUntried(weights: HeadWeights, width: number): HeadWeights {
  const size = (weights['row_starts']?.values.length ?? 1) - 1
  const nothing = new Float32Array(size)
  const widen = (name: string): Record<string, Tensor> => ({
    [name]: tensor(
      [size, width + 1],
      addColumn(takeTensor(weights, name, [size, width]).values, width, nothing),
    ),
  })
  return { ...weights, ...widen('row_scores'), ...widen('row_costs'), ...widen('row_weights') }
}

/** The same rows and those of the probes, on which nobody but the new model was tried. */
export function addProbes(weights: HeadWeights, width: number, probes: Probes): HeadWeights {
  const before = addUntried(weights, width)
  const isOther = (at: number): boolean => at % (width + 1) !== width
  const own = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: values.length * (width + 1) }, (_, at) =>
      isOther(at) ? 0 : (values[Math.floor(at / (width + 1))] as number),
    )
  const starts = [...takeTensor(before, 'row_starts', [-1]).values]
  const words = probes.points.map(({ slots, values, size }) => ({
    slots: slots.subarray(0, size),
    values: values.subarray(0, size),
  }))
  for (const { slots } of words) starts.push((starts.at(-1) ?? 0) + slots.length)
  const append = (
    name: string,
    more: ArrayLike<number>,
    shape: readonly number[],
  ): Record<string, Tensor> => {
    const known = before[name]?.values ?? new Float32Array(0)
    const values = new Float32Array(known.length + more.length)
    values.set(known)
    values.set(more, known.length)
    return { [name]: tensor(shape, values) }
  }
  const [size, entries] = [starts.length - 1, starts.at(-1) ?? 0]
  return {
    row_starts: tensor([starts.length], starts),
    ...append(
      'row_slots',
      words.flatMap(({ slots }) => [...slots]),
      [entries],
    ),
    ...append(
      'row_values',
      words.flatMap(({ values }) => [...values]),
      [entries],
    ),
    ...append('row_scores', own(probes.scores), [size, width + 1]),
    ...append('row_costs', own(probes.costs), [size, width + 1]),
    ...append('row_weights', own(probes.weights), [size, width + 1]),
  }
}

/** Errors: throws when the tensors do not describe rows. */
export function openRows(
  weights: HeadWeights,
  width: number,
  meanScores: Float64Array,
  options: KnnOptions,
): ExactRows {
  const starts = takeTensor(weights, 'row_starts', [-1]).values
  const slots = takeTensor(weights, 'row_slots', [-1]).values
  const size = starts.length - 1
  const values = takeTensor(weights, 'row_values', [slots.length]).values
  const scores = takeTensor(weights, 'row_scores', [size, width]).values
  const costs = takeTensor(weights, 'row_costs', [size, width]).values
  const observed = takeTensor(weights, 'row_weights', [size, width]).values
  const isSound =
    starts[size] === slots.length &&
    slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < hashedSize)
  if (!isSound) throw new Error('row_slots does not fit row_starts')
  const points = Array.from({ length: size }, (_, row): Point => {
    const [from, to] = [starts[row] as number, starts[row + 1] as number]
    return {
      slots: Uint16Array.from(slots.subarray(from, to)),
      values: Float64Array.from(values.subarray(from, to)),
      size: to - from,
      known: 1,
      structured: new Float64Array(0),
    }
  })
  return {
    postings: buildPostings(points),
    size,
    scores: Float64Array.from(scores),
    costs: Float64Array.from(costs),
    weights: observed.every((weight) => weight === 1) ? null : Float64Array.from(observed),
    meanScores,
    options: {
      ...options,
      neighbours: Math.min(options.neighbours, Math.max(1, Math.floor(size / leastShare))),
    },
  }
}
