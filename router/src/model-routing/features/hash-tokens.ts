/** Slots of the hashed vector; a power of two, part of the feature specification. */
export const hashedSize = 4096
const mask = hashedSize - 1
/** Of 32 bits with a sign, as `Math.imul` has it. */
export const fnvOffset = 0x811c9dc5 | 0
const fnvPrime = 0x01000193
const golden = 0x9e3779b1

/** No slot is met more often: by 600 tokens and the pairs between them. */
const mostCount = 1_199
/** By count, from the least: the logarithm of 1 + its size, with its sign. */
const logs = Float64Array.from({ length: 2 * mostCount + 1 }, (_, index) => {
  const count = index - mostCount
  return count < 0 ? -Math.log(1 - count) : Math.log(1 + count)
})

/** Signed logarithmic counts by slot; a slot whose counts cancel out is left out. */
export interface SlotValues {
  readonly slots: Uint16Array
  readonly values: Float64Array
  /** How many of the two above are in use. */
  size: number
}

/**
 * Counts hashed tokens and pairs of neighbours: FNV-1a (Fowler, Noll, Vo) over UTF-8, finished by murmur3's fmix32
 * (Appleby, public domain). The slot is the low 12 bits, the sign the highest. One per thread: it has its own buffers.
 */
export class SlotCounter {
  readonly #counts = new Int32Array(hashedSize)
  readonly #isTouched = new Uint8Array(hashedSize)

  /** Fills `out` from the hashes, slots in the order they are met. */
  count(hashes: Int32Array, tokens: number, out: SlotValues): void {
    const { slots } = out
    let touched = 0
    let previous = 0
    for (let index = 0; index < tokens; index++) {
      const hash = hashes[index] as number
      touched = this.#touch(finish(hash), slots, touched)
      if (index > 0) touched = this.#touch(pairHash(previous, hash), slots, touched)
      previous = hash
    }
    this.#drain(out, touched)
  }

  /** Without branches, for signs are as good as chance. */
  #touch(hash: number, slots: Uint16Array, touched: number): number {
    const slot = hash & mask
    const isNew = 1 - (this.#isTouched[slot] as number)
    this.#isTouched[slot] = 1
    this.#counts[slot] = (this.#counts[slot] as number) - ((hash >> 31) | 1)
    slots[touched] = slot
    return touched + isNew
  }

  /** Turns counts into values and leaves the buffers empty. */
  #drain(out: SlotValues, touched: number): void {
    const { slots, values } = out
    let used = 0
    for (let index = 0; index < touched; index++) {
      const slot = slots[index] as number
      const count = this.#counts[slot] as number
      this.#counts[slot] = 0
      this.#isTouched[slot] = 0
      slots[used] = slot
      values[used] = logs[count + mostCount] as number
      if (count !== 0) used++
    }
    out.size = used
  }
}

/** The finished hash of one token, unsigned; for tests and tables of words. */
export function hashToken(token: string): number {
  return finish(fnvOf(token)) >>> 0
}

/** The finished hash of two neighbouring tokens, unsigned. */
export function hashBigram(first: string, second: string): number {
  return pairHash(fnvOf(first), fnvOf(second)) >>> 0
}

/** FNV-1a over UTF-8, unsigned. */
export function fnvOf(token: string): number {
  let hash = fnvOffset
  for (const character of token) hash = addCodePoint(hash, character.codePointAt(0) as number)
  return hash >>> 0
}

function pairHash(first: number, second: number): number {
  return finish(Math.imul(first, golden) ^ second)
}

/** murmur3's finaliser; signed, so that the highest bit is the sign. */
function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** One more step of FNV-1a, by a character in UTF-8. */
export function addCodePoint(hash: number, code: number): number {
  if (code < 0x80) return addByte(hash, code)
  if (code < 0x800) return addByte(addByte(hash, 0xc0 | (code >> 6)), 0x80 | (code & 63))
  if (code < 0x1_0000) {
    const begun = addByte(addByte(hash, 0xe0 | (code >> 12)), 0x80 | ((code >> 6) & 63))
    return addByte(begun, 0x80 | (code & 63))
  }
  const begun = addByte(addByte(hash, 0xf0 | (code >> 18)), 0x80 | ((code >> 12) & 63))
  return addByte(addByte(begun, 0x80 | ((code >> 6) & 63)), 0x80 | (code & 63))
}

/** One more step of FNV-1a. */
export function addByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, fnvPrime)
}
