import { ClusterNeighbours, type ClusterTable, pruneCentroids } from '../scoring/cluster-neighbours.ts'
import { clusterPoints } from '../training/cluster-points.ts'
import { type HeadKind, takeTensor, tensor } from './head.ts'

const mostClusters = 64
/** Fewer rows a cluster would say little. */
const rowsPerCluster = 5
const iterations = 15
const shrink = 5
/** Slots kept of a centroid; the others hardly weigh anything. */
const slotsPerCluster = 256

/** Spherical k-means: what the four clusters nearest to the ask scored, by likeness. */
export const kmeansHead: HeadKind = {
  strategy: 'llmrouter-kmeans',
  train(set, { seed }) {
    const clusters = Math.max(1, Math.min(mostClusters, Math.floor(set.size / rowsPerCluster)))
    const { centroids, labels } = clusterPoints(set.points, { clusters, iterations, seed: seed + 1 })
    const width = set.models.length
    const sums = new Float64Array(clusters * width)
    const totals = new Float64Array(clusters * width)
    const sizes = new Float64Array(clusters)
    labels.forEach((cluster, row) => {
      sizes[cluster] = (sizes[cluster] as number) + 1
      for (let model = 0; model < width; model++) {
        const weight = set.weights[row * width + model] as number
        const at = cluster * width + model
        sums[at] = (sums[at] as number) + weight * (set.scores[row * width + model] as number)
        totals[at] = (totals[at] as number) + weight
      }
    })
    const table = sums.map(
      (sum, at) =>
        (sum + shrink * (set.meanScores[at % width] as number)) / ((totals[at] as number) + shrink),
    )
    const pruned = pruneCentroids(centroids, clusters, slotsPerCluster)
    return {
      starts: tensor([pruned.starts.length], pruned.starts),
      clusters: tensor([pruned.clusters.length], pruned.clusters),
      values: tensor([pruned.values.length], pruned.values),
      scores: tensor([clusters, width], table),
      sizes: tensor([clusters], sizes),
    }
  },
  open(weights, { models }) {
    const sizes = takeTensor(weights, 'sizes', [-1]).values
    const count = sizes.length
    const ids = takeTensor(weights, 'clusters', [-1]).values
    const starts = takeTensor(weights, 'starts', [-1]).values
    if (starts.at(-1) !== ids.length || ids.some((id) => !(id >= 0 && id < count)))
      throw new Error('clusters does not fit starts and sizes')
    const scores = takeTensor(weights, 'scores', [count, models.length]).values
    const table: ClusterTable = {
      starts: Int32Array.from(starts),
      clusters: Uint16Array.from(ids),
      values: takeTensor(weights, 'values', [ids.length]).values,
      count,
      scores,
      costs: new Float32Array(scores.length),
      sizes,
    }
    const neighbours = new ClusterNeighbours(table)
    const costs = new Float64Array(models.length)
    return {
      estimate(point, _base, quality) {
        neighbours.fill(point, quality, costs)
      },
    }
  },
}
