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

  constructor(postings: Postings, size: number, options: KnnOptions) {
    this.size = size
    this.#postings = postings
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
    for (let index = 0; index < point.size; index++) {
      const slot = point.slots[index] as number
      const weight = point.values[index] as number
      const end = starts[slot + 1] as number
      for (let at = starts[slot] as number; at < end; at++) {
        const row = rows[at] as number
        similarities[row] = (similarities[row] as number) + weight * (values[at] as number)
      }
    }
    if (skip >= 0) similarities[skip] = -1
    return this.#select()
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
