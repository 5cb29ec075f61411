/** The places of the `k` greatest scores, best first; of equal ones the first comes first. */
export function findBest(scores: Float64Array, k: number): number[] {
  const best = new TopK(Math.min(k, scores.length))
  for (let place = 0; place < scores.length; place++) best.offer(place, scores[place] as number)
  return best.drain()
}

/** Keeps the `k` greatest scores; of equal ones the lower slot wins. A binary heap, the least on top. */
export class TopK {
  /** Plain arrays: as small ones they cost less than typed ones. */
  readonly #slots: number[] = []
  readonly #scores: number[] = []
  readonly #k: number
  #size = 0

  constructor(k: number) {
    this.#k = k
  }

  /** What a score must exceed to enter; -Infinity while there is room. */
  get threshold(): number {
    if (this.#size < this.#k) return -Infinity
    return this.#k === 0 ? Infinity : (this.#scores[0] as number)
  }

  offer(slot: number, score: number): void {
    if (this.#size < this.#k) this.#rise(this.#size++, slot, score)
    else if (this.#k > 0 && this.#isBelow(0, score, slot)) this.#sink(slot, score)
  }

  /** The kept slots, best first; then there are none. */
  drain(): number[] {
    const found = new Array<number>(this.#size)
    while (this.#size > 0) {
      const last = --this.#size
      found[last] = this.#slots[0] as number
      this.#sink(this.#slots[last] as number, this.#scores[last] as number)
    }
    return found
  }

  #isBelow(index: number, score: number, slot: number): boolean {
    const held = this.#scores[index] as number
    return held < score || (held === score && (this.#slots[index] as number) > slot)
  }

  /** Puts a score in at `from`, or as far up as it belongs. */
  #rise(from: number, slot: number, score: number): void {
    let child = from
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (this.#isBelow(parent, score, slot)) break
      this.#move(parent, child)
      child = parent
    }
    this.#slots[child] = slot
    this.#scores[child] = score
  }

  /** Puts a score in the place of the least, or as far down as it belongs. */
  #sink(slot: number, score: number): void {
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= this.#size) break
      const other = child + 1
      if (other < this.#size) {
        const otherScore = this.#scores[other] as number
        if (!this.#isBelow(child, otherScore, this.#slots[other] as number)) child = other
      }
      if (!this.#isBelow(child, score, slot)) break
      this.#move(child, parent)
      parent = child
    }
    this.#slots[parent] = slot
    this.#scores[parent] = score
  }

  #move(from: number, to: number): void {
    this.#slots[to] = this.#slots[from] as number
    this.#scores[to] = this.#scores[from] as number
  }
}
