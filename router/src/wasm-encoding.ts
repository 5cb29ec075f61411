/** The parts of the binary format of WebAssembly 2.0 that the modules here are put together from. */

export const i32 = 0x7f
export const f64 = 0x7c
export const v128 = 0x7b
const end = 0x0b
export const get = (local: number): number[] => [0x20, local]
export const set = (local: number): number[] => [0x21, local]
/** Sets a local and leaves the value on the stack. */
export const tee = (local: number): number[] => [0x22, local]
export const constant = (value: number): number[] => [0x41, ...signed(value)]
export const add = [0x6a]
export const subtract = [0x6b]
export const multiply = [0x6c]
export const isZero = [0x45]
export const isEqual = [0x46]
export const and = [0x71]
export const or = [0x72]
export const countOnes = [0x69]
/** Zeros below the lowest bit that is set. */
export const countZeros = [0x68]
export const branch = (depth: number): number[] => [0x0c, depth]
export const branchIf = (depth: number): number[] => [0x0d, depth]
export const block = (code: readonly number[]): number[] => [0x02, 0x40, ...code, end]
export const loop = (code: readonly number[]): number[] => [0x03, 0x40, ...code, end]
export const load32 = [0x28, 2, 0]
/** The same at `offset` from the address on the stack. */
export const load32At = (offset: number): number[] => [0x28, 2, ...unsigned(offset)]
export const store32 = [0x36, 2, 0]
export const simd = (opcode: number, ...operands: number[]): number[] => [
  0xfd,
  ...unsigned(opcode),
  ...operands,
]
/** A SIMD instruction on the memory at `offset` from the address on the stack. */
export const simdAt = (opcode: number, offset: number): number[] => simd(opcode, 0, ...unsigned(offset))

export interface WasmFunction {
  readonly name: string
  /** Every parameter is an i32. */
  readonly parameters: number
  /** Whether it answers an i32. */
  readonly hasResult?: boolean
  /** The types of further locals, numbered on from the parameters. */
  readonly locals: readonly number[]
  readonly code: readonly number[]
}

/** A module of these functions over an imported memory `env.memory`. */
export function encodeModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, hasResult }) => [
    0x60,
    ...vector(new Array<number>(parameters).fill(i32)),
    ...vector(hasResult === true ? [i32] : []),
  ])
  const exported = functions.map((each, index) => [...name(each.name), 0x00, index])
  const bodies = functions.map(({ locals, code }) => {
    const declared = locals.map((type) => [1, type])
    return vector([...unsigned(locals.length), ...declared.flat(), ...code, end])
  })
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, [[...name('env'), ...name('memory'), 0x02, 0x00, 1]]),
    ...section(
      3,
      functions.map((_, index) => [index]),
    ),
    ...section(7, exported),
    ...section(10, bodies),
  ])
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** LEB128 of a number that is not negative: the greatest bit of seven is the sign. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)]
}

const vector = (items: readonly number[]): number[] => [...unsigned(items.length), ...items]
const section = (id: number, items: readonly (readonly number[])[]): number[] => [
  id,
  ...vector([...unsigned(items.length), ...items.flat()]),
]
const name = (text: string): number[] => vector([...text].map((character) => character.charCodeAt(0)))
