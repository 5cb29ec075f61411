import { clusterPoints } from './cluster-points.ts'
import type { TrainingSet } from './training-set.ts'

const unnamedDomains = 16
/** Tasks of fewer rows are one domain together. */
const leastRows = 10

/** Names of domains, and which one every training row belongs to. */
export interface Domains {
  readonly names: readonly string[]
  readonly labels: Int32Array
}

/** The tasks that the data names; without any, clusters of similar asks. */
export function nameDomains(set: TrainingSet): Domains {
  if (set.tasks.every((task) => task === null)) return clusterDomains(set)
  const counts = new Map<string, number>()
  for (const task of set.tasks) if (task !== null) counts.set(task, (counts.get(task) ?? 0) + 1)
  const named = [...counts].filter(([, count]) => count >= leastRows).map(([task]) => task)
  named.sort()
  const positions = new Map(named.map((task, position) => [task, position]))
  const isComplete = set.tasks.every((task) => task !== null && positions.has(task))
  const names = isComplete ? named : [...named, 'other']
  const labels = Int32Array.from(set.tasks, (task) =>
    task === null ? named.length : (positions.get(task) ?? named.length),
  )
  return { names, labels }
}

function clusterDomains({ points }: TrainingSet): Domains {
  const count = Math.min(unnamedDomains, Math.max(1, Math.floor(points.length / leastRows)))
  const { labels } = clusterPoints(points, { clusters: count, iterations: 15, seed: 1 })
  return { names: Array.from({ length: count }, (_, index) => `cluster-${index + 1}`), labels }
}
