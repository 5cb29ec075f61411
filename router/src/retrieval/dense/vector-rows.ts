import { TopK } from '../top-k.ts'
import { type QuantisedVector, quantiseInto } from './quantise.ts'
import { blockRows, createRowMemory, type RowMemory } from './row-memory.ts'

const sumUnit = 2 ** 24

/** One vector a slot, compared exactly with a query; a slot without one has cosine 0. */
export class VectorRows {
  readonly #memory: RowMemory
  #scales = new Float32Array(0)
  readonly #places = new Int32Array(blockRows)
  readonly #one = new Float64Array(1)
  /** Null where nobody searches, and needs to know the mean. */
  readonly #sum: Float64Array | null
  #filled = 0
  #rows = 0

  /** @param isSearched false for vectors that are only compared one by one */
  constructor(dimensions: number, isSearched = true) {
    this.#memory = createRowMemory(dimensions)
    this.#sum = isSearched ? new Float64Array(dimensions) : null
  }

  /** `vector` has length 1, or is zero. */
  put(slot: number, vector: Float32Array): void {
    this.#reserve(slot + 1)
    this.delete(slot)
    const scale = quantiseInto(vector, this.#memory.bytes, this.#memory.offsetOf(slot))
    if (scale === 0) return
    this.#scales[slot] = scale
    this.#count(slot, 1)
  }

  delete(slot: number): void {
    if (!this.has(slot)) return
    this.#count(slot, -1)
    this.#scales[slot] = 0
  }

  has(slot: number): boolean {
    return slot < this.#rows && this.#scales[slot] !== 0
  }

  /** The cosine of each of `slots`, written to every `stride`-th place of `into` from `offset`. */
  readCosines(
    slots: Int32Array,
    query: QuantisedVector,
    into: Float64Array,
    offset: number,
    stride: number,
  ): void {
    const places = this.#places
    for (let first = 0; first < slots.length; first += blockRows) {
      const count = Math.min(blockRows, slots.length - first)
      for (let index = 0; index < count; index++) {
        const slot = slots[first + index] as number
        places[index] = this.has(slot) ? slot : 0
      }
      const products = this.#rows === 0 ? places : this.#memory.gather(query.values, places, count)
      for (let index = 0; index < count; index++) {
        const slot = slots[first + index] as number
        const scale = this.has(slot) ? (this.#scales[slot] as number) * query.scale : 0
        into[offset + (first + index) * stride] = scale === 0 ? 0 : (products[index] as number) * scale
      }
    }
  }

  cosine(slot: number, query: QuantisedVector): number {
    this.readCosines(Int32Array.of(slot), query, this.#one, 0, 1)
    return this.#one[0] as number
  }

  /** The `depth` slots with the greatest cosine above 0, best first, and the mean cosine over all slots that have a vector. */
  search(
    query: QuantisedVector,
    depth: number,
    accepts: ((slot: number) => boolean) | null,
  ): { slots: number[]; mean: number } {
    const best = new TopK(depth)
    const scales = this.#scales
    let threshold = 0
    for (let first = 0; first < this.#rows && query.scale > 0; first += blockRows) {
      const rows = Math.min(blockRows, this.#rows - first)
      const products = this.#memory.scan(query.values, first, rows)
      for (let row = 0; row < rows; row++) {
        const cosine = (products[row] as number) * (scales[first + row] as number)
        if (cosine <= threshold || (accepts !== null && !accepts(first + row))) continue
        best.offer(first + row, cosine)
        threshold = Math.max(0, best.threshold)
      }
    }
    return { slots: best.drain(), mean: this.#meanCosine(query) }
  }

  #meanCosine({ values, scale }: QuantisedVector): number {
    if (this.#filled === 0 || this.#sum === null) return 0
    let total = 0
    for (let column = 0; column < values.length; column++)
      total += (values[column] as number) * (this.#sum[column] as number)
    return (total * scale) / (this.#filled * sumUnit)
  }

  /** Keeps the sum of all vectors, in whole numbers, so that it is exact after any number of edits. */
  #count(slot: number, by: 1 | -1): void {
    this.#filled += by
    const sum = this.#sum
    if (sum === null) return
    const factor = by * Math.round((this.#scales[slot] as number) * sumUnit)
    const { bytes } = this.#memory
    const start = this.#memory.offsetOf(slot)
    for (let column = 0; column < sum.length; column++)
      sum[column] = (sum[column] as number) + factor * (bytes[start + column] as number)
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
