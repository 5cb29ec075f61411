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

  /** How many are kept. */
  get count(): number {
    return this.#count
  }

  /** The sample that this share (0 to 1) of so many last ones does not exceed. */
  percentile(share: number, most = kept): number {
    const count = Math.min(this.#count, most)
    const from = this.#next - count
    const last =
      from >= 0
        ? this.#samples.slice(from, this.#next)
        : Float64Array.of(...this.#samples.slice(from), ...this.#samples.slice(0, this.#next))
    return last.sort()[Math.min(count - 1, Math.floor(share * count))] ?? 0
  }
}
