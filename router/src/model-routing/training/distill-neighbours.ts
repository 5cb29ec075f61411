import { type ClusterTable, pruneCentroids } from '../scoring/cluster-neighbours.ts'
import { type ExactRows, RowNeighbours } from '../scoring/neighbour-table.ts'
import { clusterPoints } from './cluster-points.ts'
import type { TrainingSet } from './training-set.ts'

const mostClusters = 256
/** Fewer rows a cluster would say little. */
const rowsPerCluster = 5
const slotsPerCluster = 128

/** Puts what the exact neighbours of the training rows say, each but itself, into a table of clusters. */
export function distillNeighbours(set: TrainingSet, rows: ExactRows): ClusterTable {
  const count = Math.max(1, Math.min(mostClusters, Math.floor(set.size / rowsPerCluster)))
  const { centroids, labels } = clusterPoints(set.points, { clusters: count, iterations: 5, seed: 1 })
  const width = set.models.length
  const exact = new RowNeighbours(rows)
  const sums = new Float64Array(count * width)
  const costSums = new Float64Array(count * width)
  const sizes = new Float32Array(count)
  const scores = new Float64Array(width)
  const costs = new Float64Array(width)
  set.points.forEach((point, row) => {
    const cluster = labels[row] as number
    sizes[cluster] = (sizes[cluster] as number) + 1
    exact.fill(point, scores, costs, row)
    for (let model = 0; model < width; model++) {
      const at = cluster * width + model
      sums[at] = (sums[at] as number) + (scores[model] as number)
      costSums[at] = (costSums[at] as number) + (costs[model] as number)
    }
  })
  const mean = (totals: Float64Array, overall: Float64Array): Float32Array =>
    Float32Array.from(totals, (total, at) => {
      const size = sizes[Math.floor(at / width)] as number
      return size === 0 ? (overall[at % width] as number) : total / size
    })
  return {
    ...pruneCentroids(centroids, count, slotsPerCluster),
    count,
    scores: mean(sums, set.meanScores),
    costs: mean(costSums, set.meanCosts),
    sizes,
  }
}
