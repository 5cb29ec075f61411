import { randomFrom, shuffled } from '../training/random.ts'
import { type BundleOptions, trainBundle } from '../training/train-bundle.ts'
import type { FeaturedMatrix } from '../training/training-set.ts'
import { type BundleReport, evaluateBundle } from './evaluate-bundle.ts'

/** One figure over several splits. `worst` is the least. */
export interface Spread {
  readonly mean: number
  readonly sd: number
  readonly worst: number
}

export interface SeedsReport {
  readonly seeds: number
  /** Rows nobody was trained on, by seed. */
  readonly test_rows: readonly number[]
  readonly aiq: Spread
  readonly ece: Spread
  readonly profiles: readonly {
    readonly profile: string
    readonly quality_ratio: Spread
    readonly cost_saved: Spread
  }[]
}

/**
 * How a way of training does: for every seed three quarters of the rows are trained on, λ and all, and the last quarter is read once.
 * Equal prompts stay on one side, and tasks keep their shares.
 */
export function evaluateSeeds(
  featured: FeaturedMatrix,
  strategy: string,
  seeds: number,
  options: BundleOptions,
): SeedsReport {
  const reports = Array.from({ length: seeds }, (_, seed) => {
    const { seen, test } = splitRows(featured.matrix.rows, seed)
    const bundle = trainBundle(featured, seen, { ...options, seed })
    return evaluateBundle(bundle, strategy, keepRows(featured, test), seed)
  })
  const [first] = reports
  return {
    seeds,
    test_rows: reports.map(({ rows }) => rows),
    aiq: spread(reports.map(({ aiq }) => aiq)),
    ece: spread(reports.map(({ ece }) => ece)),
    profiles: (first?.profiles ?? []).map(({ profile }, at) => {
      const of = (read: (one: BundleReport['profiles'][number]) => number): Spread =>
        spread(reports.flatMap(({ profiles }) => (profiles[at] === undefined ? [] : [read(profiles[at])])))
      return {
        profile,
        quality_ratio: of(({ quality_ratio }) => quality_ratio),
        cost_saved: of(({ cost_saved }) => cost_saved),
      }
    }),
  }
}

type Rows = FeaturedMatrix['matrix']['rows']

function splitRows(rows: Rows, seed: number): { readonly seen: number[]; readonly test: number[] } {
  const byPrompt = new Map<string, number[]>()
  for (const at of shuffled(rows.length, randomFrom(seed))) {
    const row = rows[at]
    const key = `${row?.task}\u0000${row?.prompt.toLowerCase().replace(/\s+/g, ' ').trim() || at}`
    byPrompt.set(key, [...(byPrompt.get(key) ?? []), at])
  }
  const byTask = new Map<string, number[][]>()
  for (const members of byPrompt.values()) {
    const task = rows[members[0] ?? 0]?.task ?? ''
    byTask.set(task, [...(byTask.get(task) ?? []), members])
  }
  const seen: number[] = []
  const test: number[] = []
  for (const groups of byTask.values())
    for (const [index, members] of groups.entries()) (index % 4 === 3 ? test : seen).push(...members)
  return { seen, test }
}

function keepRows({ matrix, features }: FeaturedMatrix, positions: readonly number[]): FeaturedMatrix {
  const of = <Item>(items: readonly Item[]): Item[] => positions.map((at) => items[at] as Item)
  return { matrix: { ...matrix, rows: of(matrix.rows) }, features: of(features) }
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const sd = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1))
  return { mean, sd, worst: Math.min(...values) }
}
