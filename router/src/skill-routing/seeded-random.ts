/** Numbers that depend on their seed alone. */
export interface SeededRandom {
  /** The next number, uniform in [0, 1). */
  next(): number
}

/**
 * xoshiro128++ (Blackman and Vigna, 2019, public domain) over the first 16 bytes of `seed`, which must be well mixed:
 * the SHA-256 of a routing id, so that its draws can be repeated.
 */
export function createSeededRandom(seed: Uint8Array): SeededRandom {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength)
  let a = view.getUint32(0)
  let b = view.getUint32(4)
  let c = view.getUint32(8)
  // All zero is the one state it never leaves.
  let d = view.getUint32(12) || 1
  return {
    next() {
      const sum = (a + d) | 0
      const result = (((sum << 7) | (sum >>> 25)) + a) >>> 0
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = (d << 11) | (d >>> 21)
      return result / 0x1_0000_0000
    },
  }
}
