import { assembleScanModule } from './simd-module.ts'

/** Rows of int8 in one memory, and their dot products with a query. */
export interface RowMemory {
  /** The whole memory; a new view after `reserve`. */
  readonly bytes: Int8Array
  /** Makes room for `rows` rows in all; what is there stays. */
  reserve(rows: number): void
  /** Where row `row` begins in `bytes`. */
  offsetOf(row: number): number
  /** Dot products of `query` with `count` rows from `first`, in a buffer that the next call overwrites. */
  dot(query: Int8Array, first: number, count: number): Int32Array
}

/** Rows of one block: as many as `dot` takes at a time. */
export const blockRows = 4096

const pageBytes = 65_536

type Scan = (query: number, rows: number, count: number, dimensions: number, out: number) => void

/** The fastest there is here. */
export function createRowMemory(dimensions: number): RowMemory {
  return createSimdMemory(dimensions) ?? new ScalarMemory(dimensions)
}

/** The scan by WebAssembly SIMD, or null where the engine has none. */
export function createSimdMemory(dimensions: number): RowMemory | null {
  const code = assembleScanModule()
  if (dimensions % 16 !== 0 || typeof WebAssembly === 'undefined' || !WebAssembly.validate(code)) return null
  return new SimdMemory(dimensions, code)
}

class SimdMemory implements RowMemory {
  readonly #dimensions: number
  readonly #memory = new WebAssembly.Memory({ initial: 1 })
  readonly #scan: Scan
  readonly #rowsAt: number
  bytes: Int8Array
  #products: Int32Array

  constructor(dimensions: number, code: Uint8Array<ArrayBuffer>) {
    this.#dimensions = dimensions
    this.#rowsAt = 4 * blockRows + dimensions
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory: this.#memory } })
    this.#scan = instance.exports['scan'] as Scan
    this.bytes = new Int8Array(this.#memory.buffer)
    this.#products = new Int32Array(this.#memory.buffer, 0, blockRows)
  }

  reserve(rows: number): void {
    const needed = this.offsetOf(rows)
    if (needed <= this.bytes.length) return
    const wanted = Math.max(needed, Math.min(this.bytes.length * 1.4, this.bytes.length + 2 ** 24))
    this.#memory.grow(Math.ceil((wanted - this.bytes.length) / pageBytes))
    this.bytes = new Int8Array(this.#memory.buffer)
    this.#products = new Int32Array(this.#memory.buffer, 0, blockRows)
  }

  offsetOf(row: number): number {
    return this.#rowsAt + row * this.#dimensions
  }

  dot(query: Int8Array, first: number, count: number): Int32Array {
    const queryAt = 4 * blockRows
    this.bytes.set(query, queryAt)
    this.#scan(queryAt, this.offsetOf(first), count, this.#dimensions, 0)
    return this.#products
  }
}

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

  dot(query: Int8Array, first: number, count: number): Int32Array {
    let place = this.offsetOf(first)
    for (let row = 0; row < count; row++) {
      let sum = 0
      for (let column = 0; column < this.#dimensions; column++) {
        sum += (query[column] as number) * (this.bytes[place++] as number)
      }
      this.#products[row] = sum
    }
    return this.#products
  }
}
