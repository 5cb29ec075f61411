import {
  add,
  block,
  branch,
  branchIf,
  constant,
  encodeModule,
  get,
  i32,
  isZero,
  load32,
  load32At,
  loop,
  multiply,
  or,
  set,
  simd,
  simdAt,
  store32,
  subtract,
  v128,
} from '../../wasm-encoding.ts'

/**
 * Assembles the WebAssembly module for rows of `dimensions` bytes, a multiple of 16; no binary is checked in. `count`
 * places are int32 numbers of rows; all else are byte addresses in the imported memory.
 *
 *     dot(query, rows, places, count, out)
 *
 * writes the dot product of the query, as int16, with the row of int8 at each place, as int32.
 *
 *     sum(shares, rows, places, count, out)
 *
 * writes the sum of the rows at all places, each times its share, all in float32.
 *
 *     widen(query, out)
 *
 * writes a query of int8 as int16.
 *
 *     touch(rows, places, count)
 *
 * reads a number of each cache line of the rows at all places, and answers them as one that says nothing. Rows far from
 * one another are fetched one after the other as they are multiplied, because a processor looks only some hundred
 * instructions ahead; this way many are fetched at the same time.
 */
export function assembleRowModule(dimensions: number): Uint8Array<ArrayBuffer> {
  return encodeModule([
    { name: 'dot', parameters: 5, locals: [i32, v128], code: multiplyRows(dimensions) },
    {
      name: 'sum',
      parameters: 5,
      locals: [i32, i32, v128, v128, v128, v128, v128],
      code: addRows(dimensions),
    },
    { name: 'widen', parameters: 2, locals: [], code: widenQuery(dimensions) },
    { name: 'touch', parameters: 3, hasResult: true, locals: [i32], code: touchRows(dimensions) },
  ])
}

const [rows, places, count, out] = [1, 2, 3, 4] as const
/** `row = rows + dimensions · places[…]` */
const findRow = (place: readonly number[], dimensions: number): number[] => [
  ...[...place, ...load32, ...constant(dimensions), ...multiply, ...get(rows), ...add, ...set(row)],
]
const row = 5
const loadWidened = 0x01
const load = 0x00
const increase = (local: number, by: number): number[] => [
  ...get(local),
  ...constant(by),
  ...add,
  ...set(local),
]

/** `for each place { sum = 0; for each 8 columns { sum += row · query }; out = sum }`, the inner loop unrolled. */
function multiplyRows(dimensions: number): number[] {
  const [query, sum] = [0, 6] as const
  const multiplyAndAddPairs = simd(0xba)
  const addLanes = simd(0xae)
  const products = columnsOf(dimensions, 8).flatMap((column) => [
    ...[...get(row), ...simdAt(loadWidened, column), ...get(query), ...simdAt(load, 2 * column)],
    ...[...multiplyAndAddPairs, ...(column === 0 ? [] : addLanes)],
  ])
  const total = [0, 1, 2, 3].flatMap((lane) => [...get(sum), ...simd(0x1b, lane)])
  const each = loop([
    ...[...get(count), ...isZero, ...branchIf(1)],
    ...findRow(get(places), dimensions),
    ...[...products, ...set(sum)],
    ...[...get(out), ...total, ...add, ...add, ...add, ...store32],
    ...[...increase(places, 4), ...increase(out, 4)],
    ...[...get(count), ...constant(1), ...subtract, ...set(count)],
    ...branch(0),
  ])
  return block(each)
}

/** `for each 16 columns { sums = 0; for each place { sums += share · row }; out = sums }`, the outer loop unrolled. */
function addRows(dimensions: number): number[] {
  const [shares, at, share] = [0, 6, 7] as const
  const sums = [8, 9, 10, 11] as const
  const zero = simd(0x0c, ...new Array<number>(16).fill(0))
  const [widenLow, widenHigh, toFloat, times, plus] = [0xa7, 0xa8, 0xfa, 0xe6, 0xe4].map((code) => simd(code))
  const loadSplat = 0x09
  const store = 0x0b
  return columnsOf(dimensions, 16).flatMap((column) => {
    const addTo = sums.flatMap((sum, quarter) => [
      ...[...get(sum), ...get(row), ...simdAt(loadWidened, column + (quarter < 2 ? 0 : 8))],
      ...((quarter % 2 === 0 ? widenLow : widenHigh) as number[]),
      ...[
        ...(toFloat as number[]),
        ...get(share),
        ...(times as number[]),
        ...(plus as number[]),
        ...set(sum),
      ],
    ])
    const each = loop([
      ...[...get(at), ...isZero, ...branchIf(1)],
      ...[...get(at), ...constant(4), ...subtract, ...set(at)],
      ...findRow([...get(places), ...get(at), ...add], dimensions),
      ...[...get(shares), ...get(at), ...add, ...simdAt(loadSplat, 0), ...set(share)],
      ...addTo,
      ...branch(0),
    ])
    return [
      ...sums.flatMap((sum) => [...zero, ...set(sum)]),
      ...[...get(count), ...constant(4), ...multiply, ...set(at)],
      ...block(each),
      ...sums.flatMap((sum, quarter) => [
        ...get(out),
        ...get(sum),
        ...simdAt(store, 4 * column + 16 * quarter),
      ]),
    ]
  })
}

/** `for each place { for each line { seen |= row } }` */
function touchRows(dimensions: number): number[] {
  const [rows, places, count, seen] = [0, 1, 2, 3] as const
  const rowAt = [
    ...[...get(places), ...load32, ...constant(dimensions), ...multiply],
    ...[...get(rows), ...add],
  ]
  const lines = columnsOf(dimensions, lineBytes).flatMap((column) => [
    ...[...rowAt, ...load32At(column), ...get(seen), ...or, ...set(seen)],
  ])
  const each = loop([
    ...[...get(count), ...isZero, ...branchIf(1)],
    ...lines,
    ...increase(places, 4),
    ...[...get(count), ...constant(1), ...subtract, ...set(count)],
    ...branch(0),
  ])
  return [...block(each), ...get(seen)]
}

function widenQuery(dimensions: number): number[] {
  const [query, out, store] = [0, 1, 0x0b] as const
  return columnsOf(dimensions, 8).flatMap((column) => [
    ...[...get(out), ...get(query), ...simdAt(loadWidened, column), ...simdAt(store, 2 * column)],
  ])
}

/** What processors fetch at a time. */
export const lineBytes = 64

const columnsOf = (dimensions: number, width: number): number[] =>
  Array.from({ length: Math.ceil(dimensions / width) }, (_, index) => width * index)
