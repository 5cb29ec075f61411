import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { randomFrom } from './random.ts'

export interface ClusterOptions {
  readonly clusters: number
  readonly iterations: number
  readonly seed: number
}

export interface Clusters {
  /** Clusters × slots, each of length 1. */
  readonly centroids: Float32Array
  readonly labels: Int32Array
}

/** Spherical k-means with k-means++ seeding (Arthur and Vassilvitskii, 2007) on points of length 1. */
export function clusterPoints(
  points: readonly Point[],
  { clusters, iterations, seed }: ClusterOptions,
): Clusters {
  const random = randomFrom(seed)
  // Slots × clusters, so that one slot of a point meets all centroids at once.
  let table = seedCentroids(points, clusters, () => random.next())
  const labels = new Int32Array(points.length)
  for (let iteration = 0; iteration < iterations; iteration++) {
    const changed = assign(points, table, clusters, labels)
    table = average(points, labels, clusters, table)
    if (!changed) break
  }
  const centroids = new Float32Array(clusters * hashedSize)
  for (let slot = 0; slot < hashedSize; slot++)
    for (let cluster = 0; cluster < clusters; cluster++)
      centroids[cluster * hashedSize + slot] = table[slot * clusters + cluster] as number
  return { centroids, labels }
}

function seedCentroids(points: readonly Point[], clusters: number, random: () => number): Float64Array {
  const table = new Float64Array(hashedSize * clusters)
  const distances = new Float64Array(points.length).fill(1)
  for (let cluster = 0; cluster < clusters; cluster++) {
    const chosen = points[drawFrom(distances, random())]
    if (chosen === undefined) continue
    const dense = new Float64Array(hashedSize)
    for (let index = 0; index < chosen.size; index++) {
      const slot = chosen.slots[index] as number
      dense[slot] = chosen.values[index] as number
      table[slot * clusters + cluster] = chosen.values[index] as number
    }
    points.forEach((point, row) => {
      let similarity = 0
      for (let index = 0; index < point.size; index++)
        similarity += (point.values[index] as number) * (dense[point.slots[index] as number] as number)
      distances[row] = Math.min(distances[row] as number, Math.max(0, 1 - similarity))
    })
  }
  return table
}

function drawFrom(weights: Float64Array, random: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = random * total
  for (let index = 0; index < weights.length; index++) {
    left -= weights[index] as number
    if (left < 0) return index
  }
  return weights.length - 1
}

function assign(
  points: readonly Point[],
  table: Float64Array,
  clusters: number,
  labels: Int32Array,
): boolean {
  const similarities = new Float64Array(clusters)
  let changed = false
  points.forEach((point, row) => {
    similarities.fill(0)
    for (let index = 0; index < point.size; index++) {
      const from = (point.slots[index] as number) * clusters
      const value = point.values[index] as number
      for (let cluster = 0; cluster < clusters; cluster++)
        similarities[cluster] = (similarities[cluster] as number) + value * (table[from + cluster] as number)
    }
    let best = 0
    for (let cluster = 1; cluster < clusters; cluster++)
      if ((similarities[cluster] as number) > (similarities[best] as number)) best = cluster
    changed ||= labels[row] !== best
    labels[row] = best
  })
  return changed
}

/** A cluster that lost all its points stays where it was. */
function average(
  points: readonly Point[],
  labels: Int32Array,
  clusters: number,
  before: Float64Array,
): Float64Array {
  const table = new Float64Array(before.length)
  const filled = new Uint8Array(clusters)
  points.forEach((point, row) => {
    const cluster = labels[row] as number
    filled[cluster] = 1
    for (let index = 0; index < point.size; index++) {
      const at = (point.slots[index] as number) * clusters + cluster
      table[at] = (table[at] as number) + (point.values[index] as number)
    }
  })
  const squares = new Float64Array(clusters)
  for (let at = 0; at < table.length; at++) {
    const cluster = at % clusters
    if (filled[cluster] === 0) table[at] = before[at] as number
    squares[cluster] = (squares[cluster] as number) + (table[at] as number) ** 2
  }
  return table.map((value, at) => value / Math.sqrt(Math.max(1e-12, squares[at % clusters] as number)))
}
