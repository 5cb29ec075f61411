import type { Deployment } from '../deployments/deployment.ts'
import type { Pick, PickContext, Strategy } from './strategy.ts'

type Measure = 'weight' | 'requestsPerMinute' | 'tokensPerMinute'

type ShuffleContext = Readonly<{ random: PickContext['random']; wholeLevel: boolean; isEven: boolean }>

/** Running totals of the weights, and what they measure. */
interface WeightTable {
  readonly reason: string
  readonly totals: readonly number[]
}

/** Random, weighted by `weight`, else by `rpm`, else by `tpm`, else evenly. */
export const simpleShuffle: Strategy = {
  name: 'simple-shuffle',
  enforcesLimits: false,
  pick: (context, candidates) => pickByShuffle(candidates, context),
}

/** Tables of whole levels; they go with the configuration they belong to. */
const keptTables = new WeakMap<readonly Deployment[], WeightTable>()

/**
 * If any candidate has a weight, weights count and a missing one is 1; else `rpm` if all have it, else `tpm` if all
 * have it, else all are alike. A weight of 0 means never, unless all are 0.
 */
export function pickByShuffle(candidates: readonly Deployment[], context: ShuffleContext): Pick {
  if (context.isEven) return { deployment: pickEvenly(candidates, context.random), reason: uniform.reason }
  const { reason, totals } = context.wholeLevel ? findTable(candidates) : buildTable(candidates)
  const total = totals.at(-1) ?? 0
  const deployment =
    total > 0
      ? candidates[findIndex(totals, context.random() * total)]
      : pickEvenly(candidates, context.random)
  return { deployment: deployment ?? pickEvenly(candidates, context.random), reason }
}

/** One of the given, each as likely as the others. */
export function pickEvenly(candidates: readonly Deployment[], random: () => number): Deployment {
  const chosen = candidates[Math.min(candidates.length - 1, Math.floor(random() * candidates.length))]
  if (chosen === undefined) throw new Error('there is nothing to pick from')
  return chosen
}

function findTable(candidates: readonly Deployment[]): WeightTable {
  let table = keptTables.get(candidates)
  if (table === undefined) {
    table = buildTable(candidates)
    keptTables.set(candidates, table)
  }
  return table
}

function buildTable(candidates: readonly Deployment[]): WeightTable {
  const measure = chooseMeasure(candidates)
  if (measure === null) return uniform
  let total = 0
  const totals = candidates.map(({ config }) => {
    total += Math.max(0, config[measure] ?? 1)
    return total
  })
  return total > 0 ? { reason: `weighted by ${measure}`, totals } : uniform
}

const uniform: WeightTable = { reason: 'uniform', totals: [] }

/** The first whose running total is above the point; those of weight 0 add nothing and are never it. */
function findIndex(totals: readonly number[], point: number): number {
  let low = 0
  let high = totals.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((totals[middle] ?? 0) > point) high = middle
    else low = middle + 1
  }
  return low
}

function chooseMeasure(candidates: readonly Deployment[]): Measure | null {
  let requests = true
  let tokens = true
  for (const { config } of candidates) {
    if (config.weight !== null) return 'weight'
    if (config.requestsPerMinute === null) requests = false
    if (config.tokensPerMinute === null) tokens = false
  }
  if (requests) return 'requestsPerMinute'
  return tokens ? 'tokensPerMinute' : null
}
