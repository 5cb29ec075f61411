import type { QuantisedVector } from './quantise.ts'
import { assembleRowModule, lineBytes } from './simd-module.ts'

/** Rows of int8 in one memory, their dot products with a query, and their sums. */
export interface RowMemory {
  /** The whole memory; a new view after `reserve`. */
  readonly bytes: Int8Array
  /** Makes room for `rows` rows in all; what is there stays. */
  reserve(rows: number): void
  /** Where row `row` begins in `bytes`. */
  offsetOf(row: number): number
  /**
   * Dot products of `query` with `count` rows from `first`, at most `blockRows`, in a buffer that the next call
   * overwrites.
   */
  scan(query: Int8Array, first: number, count: number): Int32Array
  /** The same with the first `count` of `rows`. */
  gather(query: Int8Array, rows: Int32Array, count: number): Int32Array
  /**
   * For each of the first `count` of `rows` the greatest product with any of `queries`, each times the scale of its
   * query, from 0, written to `into` from `start` on.
   */
  findClosest(
    queries: readonly QuantisedVector[],
    rows: Int32Array,
    count: number,
    into: Float64Array,
    start: number,
  ): void
  /** Adds the first `count` of `rows` to `into`, at most `blockRows`, each times its share. */
  addSum(rows: Int32Array, shares: Float32Array, count: number, into: Float32Array): void
}

/** How many rows are looked at in one call. */
export const blockRows = 4096

/** So many rows are fetched ahead of being multiplied: they fit into the first cache. */
const rowsTogether = 64

/** The fastest there is here. */
export function createRowMemory(dimensions: number): RowMemory {
  return createSimdMemory(dimensions) ?? new ScalarMemory(dimensions)
}

/** By WebAssembly SIMD, or null where the engine has none. */
export function createSimdMemory(dimensions: number): RowMemory | null {
  if (dimensions % 16 !== 0 || typeof WebAssembly === 'undefined') return null
  const module = modules.get(dimensions) ?? compile(dimensions)
  return module === null ? null : new SimdMemory(dimensions, module)
}

/** By dimensions: compiling takes longer than making a small index. */
const modules = new Map<number, WebAssembly.Module>()

function compile(dimensions: number): WebAssembly.Module | null {
  const code = assembleRowModule(dimensions)
  if (!WebAssembly.validate(code)) return null
  const module = new WebAssembly.Module(code)
  modules.set(dimensions, module)
  return module
}

type Kernel = (first: number, rows: number, places: number, count: number, out: number) => void

type Touch = (rows: number, places: number, count: number) => number

const pageBytes = 65_536
const productsAt = 0
const placesAt = 4 * blockRows
/** The numbers from 0, for a scan. */
const countingAt = 8 * blockRows
const sharesAt = 12 * blockRows
/** Either a query widened to int16 or a sum of float32; a query of int8 behind it. */
const vectorAt = 16 * blockRows

class SimdMemory implements RowMemory {
  readonly #dimensions: number
  readonly #memory: WebAssembly.Memory
  readonly #dot: Kernel
  readonly #sum: Kernel
  readonly #touch: Touch
  readonly #widen: (query: number, widened: number) => void
  readonly #queryAt: number
  readonly #rowsAt: number
  bytes = new Int8Array(0)
  #products = new Int32Array(0)
  #places = new Int32Array(0)
  #shares = new Float32Array(0)
  #query = new Int8Array(0)
  #sums = new Float32Array(0)

  constructor(dimensions: number, module: WebAssembly.Module) {
    this.#dimensions = dimensions
    this.#queryAt = vectorAt + 4 * dimensions
    this.#rowsAt = roundUp(this.#queryAt + dimensions, lineBytes)
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#rowsAt / pageBytes) })
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } })
    this.#dot = instance.exports['dot'] as Kernel
    this.#sum = instance.exports['sum'] as Kernel
    this.#touch = instance.exports['touch'] as Touch
    this.#widen = instance.exports['widen'] as (query: number, widened: number) => void
    this.#view()
    const counting = new Int32Array(this.#memory.buffer, countingAt, blockRows)
    for (let row = 0; row < blockRows; row++) counting[row] = row
  }

  reserve(rows: number): void {
    const needed = this.offsetOf(rows)
    if (needed <= this.bytes.length) return
    const wanted = Math.max(needed, Math.min(this.bytes.length * 1.4, this.bytes.length + 2 ** 24))
    this.#memory.grow(Math.ceil((wanted - this.bytes.length) / pageBytes))
    this.#view()
  }

  offsetOf(row: number): number {
    return this.#rowsAt + row * this.#dimensions
  }

  scan(query: Int8Array, first: number, count: number): Int32Array {
    this.#takeQuery(query)
    this.#dot(vectorAt, this.offsetOf(first), countingAt, count, productsAt)
    return this.#products
  }

  gather(query: Int8Array, rows: Int32Array, count: number): Int32Array {
    this.#takeQuery(query)
    this.#places.set(count === rows.length ? rows : rows.subarray(0, count))
    for (let first = 0; first < count; first += rowsTogether) {
      const rows = Math.min(rowsTogether, count - first)
      this.#touch(this.#rowsAt, placesAt + 4 * first, rows)
      this.#dot(vectorAt, this.#rowsAt, placesAt + 4 * first, rows, productsAt + 4 * first)
    }
    return this.#products
  }

  findClosest(
    queries: readonly QuantisedVector[],
    rows: Int32Array,
    count: number,
    into: Float64Array,
    start: number,
  ): void {
    into.fill(0, start, start + count)
    for (let first = 0; first < count; first += rowsTogether) {
      const block = Math.min(rowsTogether, count - first)
      for (let index = 0; index < block; index++) this.#places[index] = rows[first + index] as number
      this.#touch(this.#rowsAt, placesAt, block)
      for (let index = 0; index < queries.length; index++) {
        const { values, scale } = queries[index] as QuantisedVector
        this.#takeQuery(values)
        this.#dot(vectorAt, this.#rowsAt, placesAt, block, productsAt)
        raise(into, start + first, this.#products, block, scale)
      }
    }
  }

  addSum(rows: Int32Array, shares: Float32Array, count: number, into: Float32Array): void {
    for (let index = 0; index < count; index++) {
      this.#places[index] = rows[index] as number
      this.#shares[index] = shares[index] as number
    }
    this.#touch(this.#rowsAt, placesAt, Math.min(count, rowsTogether))
    this.#sum(sharesAt, this.#rowsAt, placesAt, count, vectorAt)
    for (let column = 0; column < into.length; column++)
      into[column] = (into[column] as number) + (this.#sums[column] as number)
  }

  #takeQuery(query: Int8Array): void {
    this.#query.set(query)
    this.#widen(this.#queryAt, vectorAt)
  }

  /** Growing a memory takes its old views away. */
  #view(): void {
    const { buffer } = this.#memory
    this.bytes = new Int8Array(buffer)
    this.#products = new Int32Array(buffer, productsAt, blockRows)
    this.#places = new Int32Array(buffer, placesAt, blockRows)
    this.#shares = new Float32Array(buffer, sharesAt, blockRows)
    this.#query = new Int8Array(buffer, this.#queryAt, this.#dimensions)
    this.#sums = new Float32Array(buffer, vectorAt, this.#dimensions)
  }
}

/** Where a product times `scale` is greater than what stands there, it takes its place. */
function raise(into: Float64Array, start: number, products: Int32Array, count: number, scale: number): void {
  for (let index = 0; index < count; index++) {
    const product = (products[index] as number) * scale
    if (product > (into[start + index] as number)) into[start + index] = product
  }
}

const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit

/** The same in JavaScript, about ten times slower. */
export class ScalarMemory implements RowMemory {
  readonly #dimensions: number
  readonly #products = new Int32Array(blockRows)
  bytes = new Int8Array(0)

  constructor(dimensions: number) {
    this.#dimensions = dimensions
  }

  reserve(rows: number): void {
    const needed = this.offsetOf(rows)
    if (needed <= this.bytes.length) return
    const bytes = new Int8Array(Math.max(needed, Math.ceil(this.bytes.length * 1.4)))
    bytes.set(this.bytes)
    this.bytes = bytes
  }

  offsetOf(row: number): number {
    return row * this.#dimensions
  }

  scan(query: Int8Array, first: number, count: number): Int32Array {
    for (let index = 0; index < count; index++) this.#products[index] = this.#multiply(query, first + index)
    return this.#products
  }

  gather(query: Int8Array, rows: Int32Array, count: number): Int32Array {
    for (let index = 0; index < count; index++)
      this.#products[index] = this.#multiply(query, rows[index] as number)
    return this.#products
  }

  findClosest(
    queries: readonly QuantisedVector[],
    rows: Int32Array,
    count: number,
    into: Float64Array,
    start: number,
  ): void {
    into.fill(0, start, start + count)
    for (const { values, scale } of queries)
      for (let first = 0; first < count; first += blockRows) {
        const block = rows.subarray(first, Math.min(first + blockRows, count))
        raise(into, start + first, this.gather(values, block, block.length), block.length, scale)
      }
  }

  addSum(rows: Int32Array, shares: Float32Array, count: number, into: Float32Array): void {
    for (let index = 0; index < count; index++) {
      const share = shares[index] as number
      const start = this.offsetOf(rows[index] as number)
      for (let column = 0; column < into.length; column++)
        into[column] = (into[column] as number) + share * (this.bytes[start + column] as number)
    }
  }

  #multiply(query: Int8Array, row: number): number {
    let place = this.offsetOf(row)
    let sum = 0
    for (let column = 0; column < this.#dimensions; column++) {
      sum += (query[column] as number) * (this.bytes[place++] as number)
    }
    return sum
  }
}
