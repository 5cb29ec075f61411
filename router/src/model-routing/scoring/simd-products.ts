import type { Point } from '../features/feature-space.ts'
import { hashedSize } from '../features/hash-tokens.ts'
import { structuredSize } from '../features/structured.ts'
import type { FeatureRows, PointProduct, SlotPostings } from './point-product.ts'
import { assembleProductModule, columnsTogether, entryBytes, postingBytes } from './product-module.ts'

/** Entries that are handed over at a time: of most points, all. */
const mostEntries = 1_024
const pageBytes = 65_536
const sumsAt = mostEntries * entryBytes

/** By WebAssembly SIMD, or null where the engine has none. */
export function createSimdRowProduct(rows: FeatureRows): PointProduct | null {
  return module === null ? null : new SimdRowProduct(rows, module)
}

/** By WebAssembly, or null where the engine has none. */
export function createSimdPostingProduct(postings: SlotPostings): PointProduct | null {
  return module === null ? null : new SimdPostingProduct(postings, module)
}

const module = compile()

function compile(): WebAssembly.Module | null {
  if (typeof WebAssembly === 'undefined') return null
  const code = assembleProductModule()
  return WebAssembly.validate(code) ? new WebAssembly.Module(code) : null
}

interface Kernels {
  addRows(entries: number, end: number, column: number, sums: number): void
  addPostings(entries: number, end: number): void
}

/** The memory a matrix is multiplied in: entries, sums, and the matrix behind them. */
interface ProductMemory {
  readonly buffer: ArrayBuffer
  readonly kernels: Kernels
  readonly matrixAt: number
  readonly sums: Float64Array
}

function openMemory(module: WebAssembly.Module, width: number, matrixBytes: number): ProductMemory {
  const columns = Math.ceil(width / columnsTogether) * columnsTogether
  const matrixAt = sumsAt + 8 * columns
  const memory = new WebAssembly.Memory({ initial: Math.ceil((matrixAt + matrixBytes) / pageBytes) })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const { buffer } = memory
  return {
    ...{ buffer, matrixAt, kernels: exports as unknown as Kernels },
    sums: new Float64Array(buffer, sumsAt, width),
  }
}

class SimdRowProduct implements PointProduct {
  readonly #kernels: Kernels
  readonly #sums: Float64Array
  readonly #addresses: Uint32Array
  readonly #factors: Float64Array
  readonly #rowsAt: number
  readonly #rowBytes: number

  constructor({ values, width }: FeatureRows, module: WebAssembly.Module) {
    const columns = Math.ceil(width / columnsTogether) * columnsTogether
    this.#rowBytes = 4 * columns
    const count = values.length / width
    const memory = openMemory(module, width, count * this.#rowBytes)
    this.#kernels = memory.kernels
    this.#sums = memory.sums
    this.#rowsAt = memory.matrixAt
    this.#addresses = new Uint32Array(memory.buffer, 0, sumsAt / 4)
    this.#factors = new Float64Array(memory.buffer, 0, sumsAt / 8)
    for (let row = 0; row < count; row++)
      new Float32Array(memory.buffer, this.#rowsAt + row * this.#rowBytes, width).set(
        values.subarray(row * width, (row + 1) * width),
      )
  }

  multiply({ slots, values, size, structured }: Point): Float64Array {
    this.#sums.fill(0)
    let used = 0
    for (let index = 0; index < size; index++)
      used = this.#enter(used, slots[index] as number, values[index] as number)
    for (let index = 0; index < structuredSize; index++) {
      const value = structured[index] as number
      if (value !== 0) used = this.#enter(used, hashedSize + index, value)
    }
    used = this.#enter(used, hashedSize + structuredSize, 1)
    this.#add(used)
    return this.#sums
  }

  /** How many entries are in use with another row. */
  #enter(used: number, row: number, value: number): number {
    this.#addresses[4 * used] = this.#rowsAt + row * this.#rowBytes
    this.#factors[2 * used + 1] = value
    if (used + 1 < mostEntries) return used + 1
    this.#add(mostEntries)
    return 0
  }

  #add(used: number): void {
    for (let column = 0; column < this.#sums.length; column += columnsTogether)
      this.#kernels.addRows(0, used * entryBytes, 4 * column, sumsAt + 8 * column)
  }
}

class SimdPostingProduct implements PointProduct {
  readonly #kernels: Kernels
  readonly #sums: Float64Array
  readonly #addresses: Uint32Array
  readonly #factors: Float64Array
  readonly #postingsAt: number
  readonly #starts: Int32Array

  constructor({ starts, columns, values, width }: SlotPostings, module: WebAssembly.Module) {
    const memory = openMemory(module, width, values.length * postingBytes)
    this.#kernels = memory.kernels
    this.#sums = memory.sums
    this.#postingsAt = memory.matrixAt
    this.#starts = starts
    this.#addresses = new Uint32Array(memory.buffer, 0, sumsAt / 4)
    this.#factors = new Float64Array(memory.buffer, 0, sumsAt / 8)
    const postings = new DataView(memory.buffer, this.#postingsAt)
    values.forEach((value, at) => {
      postings.setUint32(at * postingBytes, sumsAt + 8 * (columns[at] as number), true)
      postings.setFloat32(at * postingBytes + 4, value, true)
    })
  }

  multiply({ slots, values, size }: Point): Float64Array {
    this.#sums.fill(0)
    let used = 0
    for (let index = 0; index < size; index++)
      used = this.#enter(used, slots[index] as number, values[index] as number)
    this.#kernels.addPostings(0, used * entryBytes)
    return this.#sums
  }

  /** How many entries are in use with the postings of another slot. */
  #enter(used: number, slot: number, value: number): number {
    this.#addresses[4 * used] = this.#postingsAt + (this.#starts[slot] as number) * postingBytes
    this.#addresses[4 * used + 1] = this.#postingsAt + (this.#starts[slot + 1] as number) * postingBytes
    this.#factors[2 * used + 1] = value
    if (used + 1 < mostEntries) return used + 1
    this.#kernels.addPostings(0, mostEntries * entryBytes)
    return 0
  }
}
