import { TopK } from '../top-k.ts'
import { type QuantisedVector, quantiseInto } from './quantise.ts'
import { blockRows, createRowMemory, type RowMemory } from './row-memory.ts'
import { mostChosen, SignCodes } from './sign-codes.ts'

const sumUnit = 2 ** 24

/** Up to so many rows all are compared: choosing some would not be faster. */
const mostCompared = 4096
/** Of more rows at least so many are compared, and one of so many: 99.3 % of the true first 50 are among them. */
const leastChosen = 768
const chosenShare = 50
/** Rows that get codes with each that is put: two would be just enough to have all of them in time. */
const encodedTogether = 4

type Accepts = ((slot: number) => boolean) | null

/** One vector a slot, compared exactly with a query; a slot without one has cosine 0. */
export class VectorRows {
  readonly #memory: RowMemory
  #scales = new Float32Array(0)
  readonly #places = new Int32Array(blockRows)
  readonly #one = new Float64Array(1)
  /** Null where nobody searches, and needs to know the mean. */
  readonly #sum: Float64Array | null
  readonly #dimensions: number
  /** Null as long as there are few rows. */
  #codes: SignCodes | null = null
  /** The rows ahead of this one have codes. */
  #encoded = 0
  #filled = 0
  #rows = 0

  /** @param isSearched false for vectors that are only compared one by one */
  constructor(dimensions: number, isSearched = true) {
    this.#memory = createRowMemory(dimensions)
    this.#sum = isSearched ? new Float64Array(dimensions) : null
    this.#dimensions = dimensions
  }

  /** `vector` has length 1, or is zero. */
  put(slot: number, vector: Float32Array): void {
    this.#reserve(slot + 1)
    this.delete(slot)
    const scale = quantiseInto(vector, this.#memory.bytes, this.#memory.offsetOf(slot))
    if (scale !== 0) {
      this.#scales[slot] = scale
      this.#count(slot, 1)
    }
    if (this.#sum !== null && 2 * this.#rows > mostCompared) this.#encode(slot)
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

  /**
   * The `depth` slots with the greatest cosine above 0, best first, and the mean cosine over all slots that have a
   * vector. Of many rows those are compared whose signs promise most.
   */
  search(query: QuantisedVector, depth: number, accepts: Accepts): { slots: number[]; mean: number } {
    if (query.scale === 0) return { slots: [], mean: 0 }
    const chosen = this.#choose(query, accepts)
    const best =
      chosen === null ? this.#compareAll(query, depth, accepts) : this.#compare(chosen, query, depth)
    return { slots: best.drain(), mean: this.#meanCosine(query) }
  }

  /** The slots that are worth a comparison; null when they are most of them. */
  #choose(query: QuantisedVector, accepts: Accepts): Int32Array | null {
    if (this.#codes === null || this.#rows <= mostCompared) return null
    const least = Math.min(mostChosen, Math.max(leastChosen, Math.floor(this.#rows / chosenShare)))
    this.#codes.estimate(query.values)
    for (let wanted = least; wanted <= mostChosen && 2 * wanted <= this.#rows; wanted *= 4) {
      const chosen = this.#codes.choose(wanted)
      const accepted = accepts === null ? chosen : chosen.filter(accepts)
      if (2 * accepted.length >= least) return accepted
    }
    return null
  }

  #compare(chosen: Int32Array, query: QuantisedVector, depth: number): TopK {
    const best = new TopK(depth)
    let threshold = 0
    for (let first = 0; first < chosen.length; first += blockRows) {
      const slots = chosen.subarray(first, first + blockRows)
      const products = this.#memory.gather(query.values, slots, slots.length)
      for (let index = 0; index < slots.length; index++) {
        const slot = slots[index] as number
        const cosine = (products[index] as number) * (this.#scales[slot] as number)
        if (cosine <= threshold) continue
        best.offer(slot, cosine)
        threshold = Math.max(0, best.threshold)
      }
    }
    return best
  }

  #compareAll(query: QuantisedVector, depth: number, accepts: Accepts): TopK {
    const best = new TopK(depth)
    const scales = this.#scales
    let threshold = 0
    for (let first = 0; first < this.#rows; first += blockRows) {
      const rows = Math.min(blockRows, this.#rows - first)
      const products = this.#memory.scan(query.values, first, rows)
      for (let row = 0; row < rows; row++) {
        const cosine = (products[row] as number) * (scales[first + row] as number)
        if (cosine <= threshold || (accepts !== null && !accepts(first + row))) continue
        best.offer(first + row, cosine)
        threshold = Math.max(0, best.threshold)
      }
    }
    return best
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

  /** Begins long before codes are needed, a few rows at a time: all of them at once take 40 ms. */
  #encode(slot: number): void {
    this.#codes ??= SignCodes.create(this.#dimensions)
    const codes = this.#codes
    if (codes === null) return
    const { bytes } = this.#memory
    if (slot < this.#encoded) codes.put(slot, bytes, this.#memory.offsetOf(slot))
    const end = this.#rows > mostCompared ? this.#rows : Math.min(this.#rows, this.#encoded + encodedTogether)
    for (; this.#encoded < end; this.#encoded++)
      codes.put(this.#encoded, bytes, this.#memory.offsetOf(this.#encoded))
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
