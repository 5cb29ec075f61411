import type { Point } from '../features/feature-space.ts'

/** What a model that training has not seen made of some asks. */
export interface Probes {
  /** In the space of the bundle. */
  readonly points: readonly Point[]
  readonly scores: Float64Array
  readonly costs: Float64Array
  /** Of the answers; null when the data does not tell. */
  readonly tokens: Float64Array | null
  readonly weights: Float64Array
  readonly meanScore: number
  readonly meanCost: number
  /** Columns of the models that cost about as much; all where none does. */
  readonly like: readonly number[]
}

/** A table, cells × models, and the mean of every model over it. */
interface Table {
  readonly values: ArrayLike<number>
  readonly means: ArrayLike<number>
}

/** What was measured of the new model, in the order of the probes, and its mean. */
interface Measured {
  readonly values: Float64Array
  readonly mean: number
}

/**
 * The new model's cells: means of its probes by how much each belongs there (`shares`, probes × cells), drawn by `shrink` rows to its
 * overall mean, as far above or below as models of its price are in that cell.
 */
export function fillColumn(
  { weights, like }: Pick<Probes, 'weights' | 'like'>,
  shares: readonly Float64Array[],
  { values: table, means }: Table,
  measured: Measured,
  shrink: number,
): Float64Array {
  const width = means.length
  return Float64Array.from({ length: table.length / width }, (_, cell) => {
    const lift =
      like.reduce((sum, model) => {
        const mean = means[model] as number
        return sum + (mean > 0 ? (table[cell * width + model] as number) / mean : 1)
      }, 0) / like.length
    let sum = shrink * lift * measured.mean
    let total = shrink
    shares.forEach((share, probe) => {
      const weight = (share[cell] as number) * (weights[probe] as number)
      sum += weight * (measured.values[probe] as number)
      total += weight
    })
    return sum / total
  })
}

/** The same rows with one number more at the end of each. */
export function addColumn(rows: ArrayLike<number>, width: number, column: ArrayLike<number>): Float64Array {
  const wide = new Float64Array(rows.length + column.length)
  for (let row = 0; row < column.length; row++) {
    for (let at = 0; at < width; at++) wide[row * (width + 1) + at] = rows[row * width + at] as number
    wide[row * (width + 1) + width] = column[row] as number
  }
  return wide
}
