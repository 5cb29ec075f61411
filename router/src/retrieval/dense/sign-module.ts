import {
  add,
  and,
  block,
  branch,
  branchIf,
  constant,
  countOnes,
  countZeros,
  encodeModule,
  get,
  i32,
  isZero,
  loop,
  set,
  simd,
  simdAt,
  store32,
  subtract,
  v128,
} from '../../wasm-encoding.ts'

/** Rows that are estimated together. */
export const rowsTogether = 16
/** The greatest number of a table: eight of them, and not more, are added up in a byte. */
export const greatestEntry = 31
/** Columns whose numbers are added up in a byte: eight tables of four columns. */
export const columnsTogether = 32

/** Of a block of 16 rows: for each eight columns a byte of signs of each row, then an estimate of each row. */
export const blockBytes = (dimensions: number): number => 2 * dimensions + 2 * rowsTogether

/**
 * Assembles the WebAssembly module for codes of `dimensions` signs, a multiple of 32. All blocks begin at the byte
 * address `block`, and there are `count` of them.
 *
 *     estimate(block, count, tables)
 *
 * writes the estimate of each row, an uint16 below 2^15: the sum of what the tables hold for its signs. There is a table
 * of 16 bytes for every four columns, and sixteen rows are looked up in it by one instruction (Quick ADC, André et al.
 * 2017).
 *
 *     countAbove(block, count, limit)
 *
 * answers how many estimates are greater.
 *
 *     listAbove(block, count, limit, out)
 *
 * writes the numbers of their rows as int32 from `out` on, and answers where these end.
 */
export function assembleSignModule(dimensions: number): Uint8Array<ArrayBuffer> {
  return encodeModule([
    {
      name: 'estimate',
      parameters: 3,
      locals: [v128, v128, v128, v128, v128],
      code: eachBlock(dimensions, estimateBlock(dimensions)),
    },
    {
      name: 'countAbove',
      parameters: 3,
      locals: [v128, i32],
      hasResult: true,
      code: [...splatLimit, ...eachBlock(dimensions, countBlock(dimensions)), ...get(total)],
    },
    {
      name: 'listAbove',
      parameters: 4,
      locals: [v128, i32, i32],
      hasResult: true,
      code: [...splatLimitOfList, ...eachBlock(dimensions, listBlock(dimensions)), ...get(out)],
    },
  ])
}

const [at, count] = [0, 1] as const
const load = 0x00

function eachBlock(dimensions: number, code: readonly number[]): number[] {
  const each = loop([
    ...[...get(count), ...isZero, ...branchIf(1)],
    ...code,
    ...[...get(at), ...constant(blockBytes(dimensions)), ...add, ...set(at)],
    ...[...get(count), ...constant(1), ...subtract, ...set(count)],
    ...branch(0),
  ])
  return block(each)
}

function estimateBlock(dimensions: number): number[] {
  const [tables, low, high, sum, signs, mask] = [2, 3, 4, 5, 6, 7] as const
  const store = 0x0b
  const [lookUp, both, shiftRight] = [simd(0x0e), simd(0x4e), simd(0x8d)]
  const [addBytes, addShorts] = [simd(0x6e), simd(0x8e)]
  const lowHalf = [...get(signs), ...get(mask), ...both]
  const highHalf = [...get(signs), ...constant(4), ...shiftRight, ...get(mask), ...both]
  const tableAt = (column: number): number[] => [...get(tables), ...simdAt(load, 4 * column)]
  const addEight = (column: number): number[] => [
    ...[...get(at), ...simdAt(load, 2 * column), ...set(signs)],
    ...[...tableAt(column), ...lowHalf, ...lookUp],
    ...(column % columnsTogether === 0 ? [] : [...get(sum), ...addBytes]),
    ...[...tableAt(column + 4), ...highHalf, ...lookUp, ...addBytes, ...set(sum)],
  ]
  const widenInto = (half: number, code: number, column: number): number[] => [
    ...[...get(sum), ...simd(code)],
    ...(column < columnsTogether ? [] : [...get(half), ...addShorts]),
    ...set(half),
  ]
  const sums = columnsOf(dimensions).flatMap((column) => [
    ...addEight(column),
    ...(column % columnsTogether === columnsTogether - 8
      ? [...widenInto(low, 0x89, column), ...widenInto(high, 0x8a, column)]
      : []),
  ])
  return [
    ...[...simd(0x0c, ...new Array<number>(16).fill(15)), ...set(mask)],
    ...sums,
    ...[...get(at), ...get(low), ...simdAt(store, 2 * dimensions)],
    ...[...get(at), ...get(high), ...simdAt(store, 2 * dimensions + rowsTogether)],
  ]
}

const splatShorts = simd(0x10)
const total = 4
const splatLimit = [...get(2), ...splatShorts, ...set(3)]

/** A bit for each of the 16 rows whose estimate is above the limit in the local `limit`. */
function compareBlock(dimensions: number, limit: number): number[] {
  const isGreater = simd(0x31)
  const compare = (offset: number): number[] => [
    ...[...get(at), ...simdAt(load, 2 * dimensions + offset), ...get(limit), ...isGreater],
  ]
  const [narrow, toBits] = [simd(0x65), simd(0x64)]
  return [...compare(0), ...compare(rowsTogether), ...narrow, ...toBits]
}

const countBlock = (dimensions: number): number[] => [
  ...[...get(total), ...compareBlock(dimensions, 3), ...countOnes, ...add, ...set(total)],
]

const out = 3
const splatLimitOfList = [...get(2), ...splatShorts, ...set(4)]

/** `for each bit that is set { out = first row + its place }`. */
function listBlock(dimensions: number): number[] {
  const [limit, bits, first] = [4, 5, 6] as const
  const each = loop([
    ...[...get(bits), ...isZero, ...branchIf(1)],
    ...[...get(out), ...get(first), ...get(bits), ...countZeros, ...add, ...store32],
    ...[...get(out), ...constant(4), ...add, ...set(out)],
    ...[...get(bits), ...get(bits), ...constant(1), ...subtract, ...and, ...set(bits)],
    ...branch(0),
  ])
  return [
    ...[...compareBlock(dimensions, limit), ...set(bits)],
    ...block(each),
    ...[...get(first), ...constant(rowsTogether), ...add, ...set(first)],
  ]
}

const columnsOf = (dimensions: number): number[] =>
  Array.from({ length: dimensions / 8 }, (_, index) => 8 * index)
