import { TopK } from '../top-k.ts'
import { type QuantisedVector, quantise } from './quantise.ts'
import { blockRows, createRowMemory, type RowMemory } from './row-memory.ts'

/** One vector a slot, compared exactly with a query; a slot without one has cosine 0. */
export class VectorRows {
  readonly #memory: RowMemory
  #scales = new Float32Array(0)
  #rows = 0

  constructor(dimensions: number, memory: RowMemory = createRowMemory(dimensions)) {
    this.#memory = memory
  }

  /** `vector` has length 1, or is zero. */
  put(slot: number, vector: Float32Array): void {
    this.#reserve(slot + 1)
    const { values, scale } = quantise(vector)
    this.#memory.bytes.set(values, this.#memory.offsetOf(slot))
    this.#scales[slot] = scale
  }

  delete(slot: number): void {
    if (slot < this.#rows) this.#scales[slot] = 0
  }

  has(slot: number): boolean {
    return slot < this.#rows && this.#scales[slot] !== 0
  }

  cosine(slot: number, query: QuantisedVector): number {
    if (!this.has(slot)) return 0
    const { bytes } = this.#memory
    const start = this.#memory.offsetOf(slot)
    let sum = 0
    const { values } = query
    for (let column = 0; column < values.length; column++) {
      sum += (values[column] as number) * (bytes[start + column] as number)
    }
    return sum * query.scale * (this.#scales[slot] as number)
  }

  /** The `depth` slots with the greatest cosine above 0, best first, and the mean cosine over all slots that have a vector. */
  search(
    query: QuantisedVector,
    depth: number,
    accepts: ((slot: number) => boolean) | null,
  ): { slots: number[]; mean: number } {
    const best = new TopK(depth)
    let total = 0
    let count = 0
    for (let first = 0; first < this.#rows && query.scale > 0; first += blockRows) {
      const rows = Math.min(blockRows, this.#rows - first)
      const products = this.#memory.dot(query.values, first, rows)
      for (let row = 0; row < rows; row++) {
        const scale = this.#scales[first + row] as number
        if (scale === 0) continue
        const cosine = (products[row] as number) * scale
        total += cosine
        count++
        if (cosine > 0 && cosine > best.threshold && (accepts === null || accepts(first + row))) {
          best.offer(first + row, cosine)
        }
      }
    }
    return { slots: best.drain(), mean: count === 0 ? 0 : (total / count) * query.scale }
  }

  #reserve(rows: number): void {
    if (rows <= this.#rows) return
    this.#memory.reserve(rows)
    if (rows > this.#scales.length) {
      const scales = new Float32Array(Math.ceil(rows * 1.4) + 64)
      scales.set(this.#scales)
      this.#scales = scales
    }
    this.#rows = rows
  }
}
