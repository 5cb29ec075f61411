import { createSeededRandom, type SeededRandom } from '../../skill-routing/seeded-random.ts'

/** Random numbers of training and evaluation, from a small whole number. */
export function randomFrom(seed: number): SeededRandom {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  // A small seed is spread over the state.
  const next = splitMix(seed)
  for (let word = 0; word < 4; word++) view.setUint32(word * 4, next())
  return createSeededRandom(bytes)
}

/** 32 random bits at a time, quickly: splitmix32 (Steele, Lea and Flood, 2014). */
function splitMix(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

const words = 2 ** 32

/** Draws of the standard normal distribution (Box and Muller), for weights by the hundred thousand. */
export function gaussians(count: number, seed: number): Float32Array {
  const next = splitMix(seed)
  const draws = new Float32Array(count)
  for (let at = 0; at < count; at += 2) {
    const radius = Math.sqrt(-2 * Math.log((next() + 1) / (words + 1)))
    const angle = (2 * Math.PI * next()) / words
    draws[at] = radius * Math.cos(angle)
    if (at + 1 < count) draws[at + 1] = radius * Math.sin(angle)
  }
  return draws
}

/** The numbers below `count` in random order (Fisher and Yates). */
export function shuffled(count: number, random: SeededRandom): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random.next() * (index + 1))
    ;[order[index], order[other]] = [order[other] as number, order[index] as number]
  }
  return order
}
