import { defaultKnn, type KnnOptions } from '../scoring/knn-index.ts'
import { RowNeighbours } from '../scoring/neighbour-table.ts'
import { type HeadArgs, type HeadKind, readArgument, readWord } from './head.ts'
import { addProbes, keepTrainingRows, openRows } from './training-rows.ts'

/** Means over the training rows most like the ask. Every row is kept and every one is compared: no approximation. */
export const knnHead: HeadKind = {
  strategy: 'llmrouter-knn',
  train: (set, { seed }) => keepTrainingRows(set, seed),
  check: readOptions,
  addModel: (weights, { models }, probes) => addProbes(weights, models.length, probes),
  open: (weights, { models, meanScores }, args) => {
    const rows = openRows(weights, models.length, meanScores, readOptions(args))
    const neighbours = new RowNeighbours(rows)
    const costs = new Float64Array(models.length)
    return {
      estimate(point, _base, quality) {
        neighbours.fill(point, quality, costs)
      },
    }
  },
}

/** By the words other libraries use; on vectors of length 1 Minkowski's distance orders like the cosine. */
function readOptions(args: HeadArgs): KnnOptions {
  readWord(args, 'metric', ['cosine', 'minkowski'])
  const weighting = readWord(args, 'weights', ['softmax', 'distance', 'uniform'])
  return {
    ...defaultKnn,
    neighbours: Math.round(readArgument(args, 'n_neighbors', defaultKnn.neighbours, [1, 1_000])),
    temperature: weighting === 'uniform' ? 0 : defaultKnn.temperature,
  }
}
