/** Keeps the `k` greatest scores; of equal ones the lower slot wins. A binary heap, the least on top. */
export class TopK {
  readonly #slots: number[] = []
  readonly #scores: number[] = []
  readonly #k: number

  constructor(k: number) {
    this.#k = k
  }

  /** What a score must exceed to enter; -Infinity while there is room. */
  get threshold(): number {
    return this.#slots.length < this.#k ? -Infinity : (this.#scores[0] ?? Infinity)
  }

  offer(slot: number, score: number): void {
    if (this.#slots.length < this.#k) {
      this.#slots.push(slot)
      this.#scores.push(score)
      this.#rise(this.#slots.length - 1)
    } else if (this.#k > 0 && this.#isBelow(0, score, slot)) {
      this.#slots[0] = slot
      this.#scores[0] = score
      this.#sink()
    }
  }

  /** The kept slots, best first. */
  drain(): number[] {
    const order = this.#slots.map((_, index) => index)
    order.sort((one, other) => {
      const difference = (this.#scores[other] ?? 0) - (this.#scores[one] ?? 0)
      return difference || (this.#slots[one] ?? 0) - (this.#slots[other] ?? 0)
    })
    return order.map((index) => this.#slots[index] ?? 0)
  }

  #isBelow(index: number, score: number, slot: number): boolean {
    const held = this.#scores[index] ?? 0
    return held < score || (held === score && (this.#slots[index] ?? 0) > slot)
  }

  #rise(from: number): void {
    let child = from
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (this.#isBelow(parent, this.#scores[child] ?? 0, this.#slots[child] ?? 0)) return
      this.#swap(parent, child)
      child = parent
    }
  }

  #sink(): void {
    let parent = 0
    for (;;) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child >= this.#slots.length) continue
        if (this.#isBelow(child, this.#scores[least] ?? 0, this.#slots[least] ?? 0)) least = child
      }
      if (least === parent) return
      this.#swap(parent, least)
      parent = least
    }
  }

  #swap(one: number, other: number): void {
    const slot = this.#slots[one] ?? 0
    const score = this.#scores[one] ?? 0
    this.#slots[one] = this.#slots[other] ?? 0
    this.#scores[one] = this.#scores[other] ?? 0
    this.#slots[other] = slot
    this.#scores[other] = score
  }
}
