/** The skills that hold one term, by rising slot, each with how often the term stands in each field. */
export class PostingList {
  /** Pairs of a slot and its packed counts, in one array: most terms are rare, and an array costs more than they. */
  pairs = new Int32Array(2)
  length = 0
  /** What each posting scores, as of `scoredAt`; kept by the index. */
  impacts: Float32Array = none
  scoredAt = -1

  slotAt(index: number): number {
    return this.pairs[2 * index] as number
  }

  countsAt(index: number): number {
    return this.pairs[2 * index + 1] as number
  }

  /** Where `slot` stands, or else the complement of where it would stand. */
  find(slot: number): number {
    const { pairs } = this
    let low = 0
    let high = this.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = pairs[2 * middle] as number
      if (found === slot) return middle
      if (found < slot) low = middle + 1
      else high = middle - 1
    }
    return ~low
  }

  put(slot: number, counts: number): void {
    const isLast = this.length === 0 || this.slotAt(this.length - 1) < slot
    const found = isLast ? ~this.length : this.find(slot)
    const place = found < 0 ? ~found : found
    if (found < 0) this.#openGap(place)
    this.pairs[2 * place] = slot
    this.pairs[2 * place + 1] = counts
  }

  delete(slot: number): void {
    const found = this.find(slot)
    if (found < 0) return
    this.pairs.copyWithin(2 * found, 2 * found + 2, 2 * this.length)
    this.length--
  }

  #openGap(place: number): void {
    if (2 * this.length === this.pairs.length) {
      const spare = this.length < 64 ? 1.3 : 1.12
      const pairs = new Int32Array(2 * (Math.ceil(this.length * spare) + 1))
      pairs.set(this.pairs)
      this.pairs = pairs
    }
    if (place < this.length) this.pairs.copyWithin(2 * place + 2, 2 * place, 2 * this.length)
    this.length++
  }
}

const none = new Float32Array(0)
