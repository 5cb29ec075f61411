import { ClusterNeighbours, type ClusterTable, pruneCentroids } from '../scoring/cluster-neighbours.ts'
import { clusterPoints } from '../training/cluster-points.ts'
import { addColumn, fillColumn } from '../training/probe-column.ts'
import { type HeadArgs, type HeadKind, type HeadWeights, readArgument, takeTensor, tensor } from './head.ts'

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
    const costSums = new Float64Array(clusters * width)
    const costTotals = new Float64Array(clusters * width)
    const sizes = new Float64Array(clusters)
    labels.forEach((cluster, row) => {
      sizes[cluster] = (sizes[cluster] as number) + 1
      for (let model = 0; model < width; model++) {
        const weight = set.weights[row * width + model] as number
        const at = cluster * width + model
        sums[at] = (sums[at] as number) + weight * (set.scores[row * width + model] as number)
        totals[at] = (totals[at] as number) + weight
        const costWeight = set.costWeights[row * width + model] as number
        costSums[at] = (costSums[at] as number) + costWeight * (set.costs[row * width + model] as number)
        costTotals[at] = (costTotals[at] as number) + costWeight
      }
    })
    const draw = (from: Float64Array, counts: Float64Array, means: Float64Array): Float64Array =>
      from.map(
        (sum, at) => (sum + shrink * (means[at % width] as number)) / ((counts[at] as number) + shrink),
      )
    const pruned = pruneCentroids(centroids, clusters, slotsPerCluster)
    return {
      starts: tensor([pruned.starts.length], pruned.starts),
      clusters: tensor([pruned.clusters.length], pruned.clusters),
      values: tensor([pruned.values.length], pruned.values),
      scores: tensor([clusters, width], draw(sums, totals, set.meanScores)),
      costs: tensor([clusters, width], draw(costSums, costTotals, set.meanCosts)),
      sizes: tensor([clusters], sizes),
    }
  },
  check: readAlpha,
  addModel(weights, { models, meanScores, meanCosts }, probes) {
    const width = models.length
    const table = readTable(weights, width, null)
    const near = new ClusterNeighbours(table)
    const shares = probes.points.map((point) => near.share(point))
    const enlarge = (name: string, means: Float64Array, values: Float64Array, mean: number): HeadWeights => {
      const own = weights[name]
      if (own === undefined) return {}
      const column = fillColumn(probes, shares, { values: own.values, means }, { values, mean }, shrink)
      return { [name]: tensor([table.count, width + 1], addColumn(own.values, width, column)) }
    }
    return {
      ...weights,
      ...enlarge('scores', meanScores, probes.scores, probes.meanScore),
      ...enlarge('costs', meanCosts, probes.costs, probes.meanCost),
    }
  },
  open(weights, { models }, args) {
    const alpha = readAlpha(args)
    const neighbours = new ClusterNeighbours(readTable(weights, models.length, alpha))
    const costs = new Float64Array(models.length)
    return {
      estimate(point, _base, quality) {
        neighbours.fill(point, quality, costs)
      },
      ...(alpha !== null && { lambda: 0 }),
    }
  },
}

function readTable(weights: HeadWeights, width: number, alpha: number | null): ClusterTable {
  const sizes = takeTensor(weights, 'sizes', [-1]).values
  const count = sizes.length
  const ids = takeTensor(weights, 'clusters', [-1]).values
  const starts = takeTensor(weights, 'starts', [-1]).values
  if (starts.at(-1) !== ids.length || ids.some((id) => !(id >= 0 && id < count)))
    throw new Error('clusters does not fit starts and sizes')
  const scores = readScores(weights, count, width, alpha)
  return {
    starts: Int32Array.from(starts),
    clusters: Uint16Array.from(ids),
    values: takeTensor(weights, 'values', [ids.length]).values,
    count,
    scores,
    costs: new Float32Array(scores.length),
    sizes,
  }
}

/** The share of quality in what Avengers-Pro ranks models by; null for quality alone. */
function readAlpha(args: HeadArgs): number | null {
  if (args['alpha'] === undefined) return null
  if (args['mode'] === 'guarantee')
    throw new Error(
      'mode: guarantee is a promise about quality, which alpha mixes with cost; leave one of them out',
    )
  return readArgument(args, 'alpha', 0, [0, 1])
}

/**
 * What each model scored in each cluster. With `alpha` in the way of Avengers-Pro (Zhang et al., 2025): `alpha` times where the model
 * stands between the worst and the best of the cluster, and the rest by how much less it costs there than the dearest.
 */
function readScores(weights: HeadWeights, count: number, width: number, alpha: number | null): Float32Array {
  const { values: scores } = takeTensor(weights, 'scores', [count, width])
  if (alpha === null) return scores
  if (weights['costs'] === undefined)
    throw new Error('alpha needs what models cost in each cluster, which this bundle lacks: train it again')
  const { values: costs } = takeTensor(weights, 'costs', [count, width])
  const ranked = new Float32Array(scores.length)
  for (let from = 0; from < scores.length; from += width) {
    const own = scores.subarray(from, from + width)
    const [least, most] = [Math.min(...own), Math.max(...own)]
    const dearest = Math.max(...costs.subarray(from, from + width))
    own.forEach((score, model) => {
      const standing = most > least ? (score - least) / (most - least) : 1
      const thrift = dearest > 0 ? 1 - (costs[from + model] as number) / dearest : 1
      ranked[from + model] = alpha * standing + (1 - alpha) * thrift
    })
  }
  return ranked
}
