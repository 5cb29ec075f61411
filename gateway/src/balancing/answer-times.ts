const kept = 256

/** Milliseconds to the first byte of the last 256 answers. */
export class AnswerTimes {
  readonly #samples = new Float64Array(kept)
  #next = 0
  #count = 0

  record(milliseconds: number): void {
    this.#samples[this.#next] = milliseconds
    this.#next = (this.#next + 1) % kept
    if (this.#count < kept) this.#count++
  }

  /** The sample that this share of them does not exceed, 0 to 1. */
  percentile(share: number): number {
    const sorted = this.#samples.slice(0, this.#count).sort()
    return sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))] ?? 0
  }
}
