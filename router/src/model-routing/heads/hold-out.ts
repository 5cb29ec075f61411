import { randomFrom, shuffled } from '../training/random.ts'
import type { TrainingSet } from '../training/training-set.ts'

const parts = 5

/** Four fifths to learn from and one to calibrate on, by chance. */
export function holdOut(
  set: TrainingSet,
  seed: number,
): { readonly kept: number[]; readonly held: number[] } {
  const order = shuffled(set.size, randomFrom(seed + 11))
  const held = order.filter((_, index) => index % parts === parts - 1)
  const kept = order.filter((_, index) => index % parts !== parts - 1)
  return held.length === 0 ? { kept: order, held: order } : { kept, held }
}

/** Those rows alone, in the same feature space. */
export function takeRows(set: TrainingSet, rows: readonly number[]): TrainingSet {
  const width = set.models.length
  const pick = (values: Float64Array): Float64Array => {
    const picked = new Float64Array(rows.length * width)
    rows.forEach((row, at) => {
      picked.set(values.subarray(row * width, (row + 1) * width), at * width)
    })
    return picked
  }
  return {
    ...set,
    size: rows.length,
    points: rows.map((row) => set.points[row] as TrainingSet['points'][number]),
    scores: pick(set.scores),
    weights: pick(set.weights),
    partialWeights: set.partialWeights === null ? null : pick(set.partialWeights),
    costs: pick(set.costs),
    costWeights: pick(set.costWeights),
    tasks: rows.map((row) => set.tasks[row] ?? null),
  }
}

/** Weighted least squares through the origin: the factor that turns `predicted` into `target`; 1 where nothing says. */
export function fitFactor(
  predicted: ArrayLike<number>,
  target: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  let products = 0
  let squares = 0
  for (let at = 0; at < predicted.length; at++) {
    const weight = weights[at] as number
    products += weight * (predicted[at] as number) * (target[at] as number)
    squares += weight * (predicted[at] as number) ** 2
  }
  return squares > 0 ? products / squares : 1
}
