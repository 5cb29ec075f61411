import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'

export interface KnnOptions {
  readonly neighbours: number
  /** Weights are exp(temperature · (similarity − the largest)). */
  readonly temperature: number
  /** How many rows' worth of the overall mean is mixed in. */
  readonly shrink: number
}

export const defaultKnn: KnnOptions = { neighbours: 200, temperature: 12, shrink: 8 }

const bins = 256

/** What a quick search looks at: the heaviest slots of an ask, and of each the rows it weighs most in. */
export interface Pruning {
  readonly slots: number
  readonly rows: number
}

export const servedPruning: Pruning = { slots: 64, rows: 512 }

/** Training rows by slot, for inner products with a sparse query. */
export interface Postings {
  /** Slot s is in [starts[s], starts[s + 1]). */
  readonly starts: Int32Array
  readonly rows: Int32Array
  readonly values: Float32Array
}

/** Inverts points of length 1. */
export function buildPostings(points: readonly Point[]): Postings {
  const starts = new Int32Array(hashedSize + 1)
  for (const { slots, size } of points)
    for (let index = 0; index < size; index++) {
      const slot = (slots[index] as number) + 1
      starts[slot] = (starts[slot] as number) + 1
    }
  for (let slot = 0; slot < hashedSize; slot++)
    starts[slot + 1] = (starts[slot + 1] as number) + (starts[slot] as number)
  const next = starts.slice()
  const rows = new Int32Array(starts[hashedSize] as number)
  const values = new Float32Array(rows.length)
  points.forEach((point, row) => {
    for (let index = 0; index < point.size; index++) {
      const slot = point.slots[index] as number
      const at = next[slot] as number
      next[slot] = at + 1
      rows[at] = row
      values[at] = point.values[index] as number
    }
  })
  return { starts, rows, values }
}

/** Of every slot only the rows it weighs most in. */
function prunePostings({ starts, rows, values }: Postings, { rows: most }: Pruning): Postings {
  const kept: number[] = []
  const keptStarts = new Int32Array(starts.length)
  for (let slot = 0; slot < hashedSize; slot++) {
    const own = Array.from(
      { length: (starts[slot + 1] as number) - (starts[slot] as number) },
      (_, at) => at + (starts[slot] as number),
    )
    if (own.length > most)
      own.sort(
        (left, right) => Math.abs(values[right] as number) - Math.abs(values[left] as number) || left - right,
      )
    kept.push(...own.slice(0, most))
    keptStarts[slot + 1] = kept.length
  }
  return {
    starts: keptStarts,
    rows: Int32Array.from(kept, (at) => rows[at] as number),
    values: Float32Array.from(kept, (at) => values[at] as number),
  }
}

/** The neighbours of one query. Overwritten by the next. */
export interface Neighbours {
  readonly rows: Int32Array
  /** Sum to 1. */
  readonly weights: Float64Array
  size: number
  /** The largest similarity; 0 without any overlap. */
  maxSimilarity: number
  /** 1 / Σ weight². */
  effective: number
}

/** Exact nearest neighbours by cosine, with softmax weights. One per thread: it has its own buffers. */
export class KnnIndex {
  readonly size: number
  readonly #postings: Postings
  readonly #options: KnnOptions
  readonly #similarities: Float32Array
  readonly #found: Neighbours
  readonly #histogram = new Int32Array(bins)
  readonly #pruning: Pruning | null

  /** `pruning` searches a part of the postings, an order of magnitude as fast; null all of them. */
  constructor(postings: Postings, size: number, options: KnnOptions, pruning: Pruning | null = null) {
    this.size = size
    this.#pruning = pruning
    this.#postings = pruning === null ? postings : prunePostings(postings, pruning)
    this.#options = { ...options, neighbours: Math.max(1, Math.min(options.neighbours, size)) }
    this.#similarities = new Float32Array(size)
    const room = this.#options.neighbours
    this.#found = {
      rows: new Int32Array(room),
      weights: new Float64Array(room),
      size: 0,
      maxSimilarity: 0,
      effective: 0,
    }
  }

  /** `skip` leaves one row out, for looking at the training rows themselves. */
  search(point: Point, skip = -1): Neighbours {
    const similarities = this.#similarities
    similarities.fill(0)
    const { starts, rows, values } = this.#postings
    const least = this.#pruning === null ? 0 : this.#leastWeight(point, this.#pruning.slots)
    for (let index = 0; index < point.size; index++) {
      const slot = point.slots[index] as number
      const weight = point.values[index] as number
      if (Math.abs(weight) < least) continue
      const end = starts[slot + 1] as number
      for (let at = starts[slot] as number; at < end; at++) {
        const row = rows[at] as number
        similarities[row] = (similarities[row] as number) + weight * (values[at] as number)
      }
    }
    if (skip >= 0) similarities[skip] = -1
    return this.#select()
  }

  /** About so many slots of the ask weigh this much, found by counting instead of sorting. */
  #leastWeight({ values, size }: Point, slots: number): number {
    if (size <= slots) return 0
    const histogram = this.#histogram.fill(0)
    let largest = 0
    for (let index = 0; index < size; index++) largest = Math.max(largest, Math.abs(values[index] as number))
    if (largest === 0) return 0
    for (let index = 0; index < size; index++) {
      const bin = Math.min(bins - 1, Math.floor((Math.abs(values[index] as number) / largest) * bins))
      histogram[bin] = (histogram[bin] as number) + 1
    }
    let held = 0
    for (let bin = bins - 1; bin >= 0; bin--) {
      held += histogram[bin] as number
      if (held >= slots) return (bin * largest) / bins
    }
    return 0
  }

  /** Those above the lowest similarity that is needed, found by counting instead of sorting. */
  #select(): Neighbours {
    const similarities = this.#similarities
    const found = this.#found
    let largest = 0
    for (let row = 0; row < this.size; row++)
      if ((similarities[row] as number) > largest) largest = similarities[row] as number
    const bar = this.#findBar(largest)
    const above = bar + largest / bins
    found.size = 0
    // Whoever is surely among them comes first, then those of the last bin in the order of rows.
    for (const [low, high] of [
      [above, 2],
      [bar, above],
    ] as const)
      for (let row = 0; row < this.size && found.size < found.rows.length; row++) {
        const similarity = similarities[row] as number
        if (similarity >= low && similarity < high) found.rows[found.size++] = row
      }
    this.#weigh(largest)
    return found
  }

  #findBar(largest: number): number {
    const histogram = this.#histogram.fill(0)
    const scale = largest > 0 ? bins / largest : 0
    for (let row = 0; row < this.size; row++) {
      const similarity = this.#similarities[row] as number
      if (similarity < 0) continue
      const bin = Math.min(bins - 1, Math.floor(similarity * scale))
      histogram[bin] = (histogram[bin] as number) + 1
    }
    let held = 0
    for (let bin = bins - 1; bin >= 0; bin--) {
      held += histogram[bin] as number
      if (held >= this.#found.rows.length) return (bin * largest) / bins
    }
    return 0
  }

  #weigh(largest: number): void {
    const found = this.#found
    let sum = 0
    for (let index = 0; index < found.size; index++) {
      const similarity = this.#similarities[found.rows[index] as number] as number
      const weight = Math.exp(this.#options.temperature * (similarity - largest))
      found.weights[index] = weight
      sum += weight
    }
    let squares = 0
    for (let index = 0; index < found.size; index++) {
      const weight = (found.weights[index] as number) / sum
      found.weights[index] = weight
      squares += weight * weight
    }
    found.maxSimilarity = largest
    found.effective = squares > 0 ? 1 / squares : 0
  }
}
