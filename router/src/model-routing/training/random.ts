import { createSeededRandom, type SeededRandom } from '../../skill-routing/seeded-random.ts'

/** Random numbers of training and evaluation, from a small whole number. */
export function randomFrom(seed: number): SeededRandom {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  let state = seed >>> 0
  // splitmix32 (Steele, Lea, Flood) spreads a small seed over the state.
  for (let word = 0; word < 4; word++) {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    view.setUint32(word * 4, (mixed ^ (mixed >>> 15)) >>> 0)
  }
  return createSeededRandom(bytes)
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
