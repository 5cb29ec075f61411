import { Rotation } from './rotation.ts'
import {
  assembleSignModule,
  blockBytes,
  columnsTogether,
  greatestEntry,
  rowsTogether,
} from './sign-module.ts'

const pageBytes = 65_536
/** Rows that can be chosen at most. */
export const mostChosen = 8192
/** Estimates are below 2^15. */
const mostDimensions = 4 * Math.floor((2 ** 15 - 1) / greatestEntry)
const chosenAt = 0
const tablesAt = 4 * mostChosen

interface Kernels {
  readonly estimate: (block: number, count: number, tables: number) => void
  readonly countAbove: (block: number, count: number, limit: number) => number
  readonly listAbove: (block: number, count: number, limit: number, out: number) => number
}

/**
 * One bit a column of every row, to find the rows that are worth a comparison: an eighth of the memory, and a quarter of
 * the time, of comparing them all. Rows are turned before their signs are taken; the query keeps its numbers, which
 * halves the error (RaBitQ, Gao and Long 2024).
 */
export class SignCodes {
  readonly #dimensions: number
  readonly #rotation: Rotation
  readonly #memory: WebAssembly.Memory
  readonly #kernels: Kernels
  /** Where the first block begins, behind the tables. */
  readonly #blocksAt: number
  #bytes: Uint8Array
  #chosen: Int32Array
  /** Of one table. */
  readonly #entries = new Float64Array(16)
  #rows = 0

  private constructor(dimensions: number, rotation: Rotation, module: WebAssembly.Module) {
    this.#dimensions = dimensions
    this.#rotation = rotation
    this.#blocksAt = tablesAt + 4 * dimensions
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#blocksAt / pageBytes) })
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } })
    this.#kernels = instance.exports as unknown as Kernels
    this.#bytes = new Uint8Array(this.#memory.buffer)
    this.#chosen = new Int32Array(this.#memory.buffer, chosenAt, mostChosen)
  }

  /** Null where the engine has no SIMD, and for dimensions that do not suit. */
  static create(dimensions: number): SignCodes | null {
    if (dimensions % columnsTogether !== 0 || dimensions > mostDimensions) return null
    if (typeof WebAssembly === 'undefined') return null
    const rotation = Rotation.create(dimensions)
    const module = modules.get(dimensions) ?? compile(dimensions)
    return rotation === null || module === null ? null : new SignCodes(dimensions, rotation, module)
  }

  /** Takes the row that begins at `start` of `values`. */
  put(row: number, values: Int8Array, start: number): void {
    this.#reserve(row + 1)
    const turned = this.#rotation.turn(values, start)
    let at = this.#blockOf(row) + (row % rowsTogether)
    for (let column = 0; column < turned.length; column += 8) {
      let signs = 0
      for (let bit = 0; bit < 8; bit++) signs |= (-(turned[column + bit] as number) >>> 31) << bit
      this.#bytes[at] = signs
      at += rowsTogether
    }
  }

  /** Estimates the product of every row with the query, for `choose`. */
  estimate(query: Int8Array): void {
    this.#writeTables(this.#rotation.turn(query, 0))
    this.#kernels.estimate(this.#blocksAt, this.#blocks, tablesAt)
  }

  /**
   * The rows with the greatest estimates, by rising number: as many as there are above a limit, `wanted` at most, which
   * is `mostChosen` at most. A view that the next call overwrites.
   */
  choose(wanted: number): Int32Array {
    let low = -1
    let high = (this.#dimensions / 4) * greatestEntry
    while (high - low > 1) {
      const limit = (low + high) >> 1
      if (this.#kernels.countAbove(this.#blocksAt, this.#blocks, limit) > wanted) low = limit
      else high = limit
    }
    let count = this.#kernels.listAbove(this.#blocksAt, this.#blocks, high, chosenAt) / 4
    // The last block may be longer than there are rows.
    while (count > 0 && (this.#chosen[count - 1] as number) >= this.#rows) count--
    return this.#chosen.subarray(0, count)
  }

  get #blocks(): number {
    return Math.ceil(this.#rows / rowsTogether)
  }

  /** For every four columns what each pattern of their signs adds, in steps that fit into a byte, from 0. */
  #writeTables(query: Int32Array): void {
    const reach = findReach(query)
    const factor = reach === 0 ? 0 : greatestEntry / (2 * reach)
    const entries = this.#entries
    for (let column = 0; column < this.#dimensions; column += 4) {
      let least = 0
      for (let bit = 0; bit < 4; bit++) least += Math.max(0, -(query[column + bit] as number))
      entries[0] = 2 * factor * least + 0.5
      for (let bit = 0; bit < 4; bit++) {
        const step = 2 * factor * (query[column + bit] as number)
        const half = 1 << bit
        for (let pattern = 0; pattern < half; pattern++)
          entries[half + pattern] = (entries[pattern] as number) + step
      }
      for (let pattern = 0; pattern < 16; pattern++)
        this.#bytes[tablesAt + 4 * column + pattern] = entries[pattern] as number
    }
  }

  #blockOf(row: number): number {
    return this.#blocksAt + Math.floor(row / rowsTogether) * blockBytes(this.#dimensions)
  }

  #reserve(rows: number): void {
    this.#rows = Math.max(this.#rows, rows)
    const needed = this.#blockOf(rows - 1) + blockBytes(this.#dimensions)
    if (needed <= this.#bytes.length) return
    const wanted = Math.max(needed, 1.4 * this.#bytes.length)
    this.#memory.grow(Math.ceil((wanted - this.#bytes.length) / pageBytes))
    this.#bytes = new Uint8Array(this.#memory.buffer)
    this.#chosen = new Int32Array(this.#memory.buffer, chosenAt, mostChosen)
  }
}

/** The greatest sum of four columns, whatever their signs. */
function findReach(query: Int32Array): number {
  let reach = 0
  for (let column = 0; column < query.length; column += 4) {
    let sum = 0
    for (let bit = 0; bit < 4; bit++) sum += Math.abs(query[column + bit] as number)
    if (sum > reach) reach = sum
  }
  return reach
}

/** By dimensions: compiling takes longer than making a small index. */
const modules = new Map<number, WebAssembly.Module>()

function compile(dimensions: number): WebAssembly.Module | null {
  const code = assembleSignModule(dimensions)
  if (!WebAssembly.validate(code)) return null
  const module = new WebAssembly.Module(code)
  modules.set(dimensions, module)
  return module
}
