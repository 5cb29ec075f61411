import {
  add,
  block,
  branch,
  branchIf,
  constant,
  encodeModule,
  f64,
  get,
  i32,
  isEqual,
  load32At,
  loop,
  set,
  simd,
  simdAt,
  tee,
  v128,
} from '../../wasm-encoding.ts'

/** Columns that are summed at a time: their sums stay in registers. */
export const columnsTogether = 16
/** A place, where it ends, and a factor. */
export const entryBytes = 16
export const postingBytes = 8

/**
 * Assembles the WebAssembly module for sums of rows of a matrix, each times a factor; no binary is checked in. All parameters
 * are byte addresses in the imported memory. Entries are two addresses (uint32) and a factor (float64); every number is widened
 * to float64, multiplied and then added, entry by entry, so that sums are those of a loop in JavaScript to the last bit.
 *
 *     addRows(entries, end, column, sums)
 *
 * adds 16 columns, from byte `column` of the rows of float32 that entries begin with, to sums of float64.
 *
 *     addPostings(entries, end)
 *
 * adds all postings between the two addresses of an entry: the address of a sum (uint32) and what is to be added to it (float32).
 */
export function assembleProductModule(): Uint8Array<ArrayBuffer> {
  const sums = new Array<number>(columnsTogether / 2).fill(v128)
  return encodeModule([
    { name: 'addRows', parameters: 4, locals: [i32, v128, ...sums], code: addRows() },
    { name: 'addPostings', parameters: 2, locals: [i32, i32, i32, f64], code: addPostings() },
  ])
}

const [entry, end] = [0, 1] as const
const factorOffset = 8

/** `for each entry { … }` */
const forEachEntry = (code: readonly number[]): number[] =>
  block(
    loop([
      ...[...get(entry), ...get(end), ...isEqual, ...branchIf(1)],
      ...code,
      ...[...get(entry), ...constant(entryBytes), ...add, ...set(entry)],
      ...branch(0),
    ]),
  )

/** `for each entry { for each 2 columns { sums += factor · row } }`, the inner loop unrolled. */
function addRows(): number[] {
  const [column, out, row, factor, firstSum] = [2, 3, 4, 5, 6] as const
  const [load, loadPair, loadSplat, store] = [0x00, 0x5d, 0x0a, 0x0b]
  const [widen, times, plus] = [simd(0x5f), simd(0xf2), simd(0xf0)]
  const pairs = Array.from({ length: columnsTogether / 2 }, (_, pair) => ({ pair, sum: firstSum + pair }))
  return [
    ...pairs.flatMap(({ pair, sum }) => [...get(out), ...simdAt(load, 16 * pair), ...set(sum)]),
    ...forEachEntry([
      ...[...get(entry), ...load32At(0), ...get(column), ...add, ...set(row)],
      ...[...get(entry), ...simdAt(loadSplat, factorOffset), ...set(factor)],
      ...pairs.flatMap(({ pair, sum }) => [
        ...[...get(sum), ...get(row), ...simdAt(loadPair, 8 * pair), ...widen],
        ...[...get(factor), ...times, ...plus, ...set(sum)],
      ]),
    ]),
    ...pairs.flatMap(({ pair, sum }) => [...get(out), ...get(sum), ...simdAt(store, 16 * pair)]),
  ]
}

/** `for each entry { for each posting { sum += factor · value } }` */
function addPostings(): number[] {
  const [posting, last, sum, factor] = [2, 3, 4, 5] as const
  const [loadDouble, storeDouble] = [
    [0x2b, 3],
    [0x39, 3],
  ] as const
  const [loadSingle, widen, times, plus] = [[0x2a, 2], [0xbb], [0xa2], [0xa0]] as const
  const each = loop([
    ...[...get(posting), ...get(last), ...isEqual, ...branchIf(1)],
    ...[...get(posting), ...load32At(0), ...tee(sum)],
    ...[...get(sum), ...loadDouble, 0],
    ...[...get(factor), ...get(posting), ...loadSingle, 4, ...widen, ...times, ...plus],
    ...[...storeDouble, 0],
    ...[...get(posting), ...constant(postingBytes), ...add, ...set(posting)],
    ...branch(0),
  ])
  return forEachEntry([
    ...[...get(entry), ...load32At(0), ...set(posting), ...get(entry), ...load32At(4), ...set(last)],
    ...[...get(entry), ...loadDouble, factorOffset, ...set(factor)],
    ...block(each),
  ])
}
