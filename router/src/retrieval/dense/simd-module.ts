/**
 * Assembles the WebAssembly module of the dense scan; no binary is checked in. Its one function
 *
 *     scan(query: i32, rows: i32, count: i32, dimensions: i32, out: i32)
 *
 * writes the int8 dot product of the query with each row to `out` as int32; all are byte addresses in the
 * imported memory, `dimensions` is a multiple of 16. Encoding: WebAssembly 2.0, binary format.
 */
export function assembleScanModule(): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f
  const v128 = 0x7b
  const type = [1, 0x60, ...vector([i32, i32, i32, i32, i32]), ...vector([])]
  const imports = [1, ...name('env'), ...name('memory'), 0x02, 0x00, 1]
  const exports = [1, ...name('scan'), 0x00, 0]
  const locals = [2, 2, i32, 3, v128]
  const body = vector([...locals, ...scanRows(), end])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, type),
    ...section(2, imports),
    ...section(3, [1, 0]),
    ...section(7, exports),
    ...section(10, [1, ...body]),
  ])
}

const [query, rows, count, dimensions, out] = [0, 1, 2, 3, 4] as const
const [column, left, sum, ofQuery, ofRow] = [5, 6, 7, 8, 9] as const
const end = 0x0b
const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const constant = (value: number): number[] => [0x41, value]
const add = [0x6a]
const subtract = [0x6b]
const isBelow = [0x49]
const branchIf = (depth: number): number[] => [0x0d, depth]
const block = (code: readonly number[]): number[] => [0x02, 0x40, ...code, end]
const loop = (code: readonly number[]): number[] => [0x03, 0x40, ...code, end]
const simd = (opcode: number, ...operands: number[]): number[] => [0xfd, ...unsigned(opcode), ...operands]
const load = (address: readonly number[]): number[] => [...address, ...simd(0x00, 0, 0)]
const store32 = [0x36, 2, 0]

/** `for each row { sum = 0; for each 16 columns { sum += row · query }; out = sum }` */
function scanRows(): number[] {
  const multiplyLow = simd(0x9c)
  const multiplyHigh = simd(0x9d)
  const widenPairs = simd(0x7e)
  const addLanes = simd(0xae)
  const inner = loop([
    ...[...load([...get(query), ...get(column), ...add]), ...set(ofQuery)],
    ...[...load([...get(rows), ...get(column), ...add]), ...set(ofRow)],
    ...get(sum),
    ...[...get(ofQuery), ...get(ofRow), ...multiplyLow, ...widenPairs, ...addLanes],
    ...[...get(ofQuery), ...get(ofRow), ...multiplyHigh, ...widenPairs, ...addLanes],
    ...set(sum),
    ...[...get(column), ...constant(16), ...add, ...set(column)],
    ...[...get(column), ...get(dimensions), ...isBelow, ...branchIf(0)],
  ])
  const lanes = [0, 1, 2, 3].map((lane) => [...get(sum), ...simd(0x1b, lane)])
  const total = [...lanes.flat(), ...add, ...add, ...add]
  const outer = loop([
    ...[...get(left), 0x45, ...branchIf(1)],
    ...[...constant(0), ...set(column), ...simd(0x0c, ...new Array<number>(16).fill(0)), ...set(sum)],
    ...inner,
    ...[...get(out), ...total, ...store32],
    ...[...get(rows), ...get(dimensions), ...add, ...set(rows)],
    ...[...get(out), ...constant(4), ...add, ...set(out)],
    ...[...get(left), ...constant(1), ...subtract, ...set(left)],
    ...[0x0c, 0],
  ])
  return [...get(count), ...set(left), ...block(outer)]
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

const vector = (items: readonly number[]): number[] => [...unsigned(items.length), ...items]
const section = (id: number, content: readonly number[]): number[] => [id, ...vector(content)]
const name = (text: string): number[] => vector([...text].map((character) => character.charCodeAt(0)))
