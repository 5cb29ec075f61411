const keptTimes = 256
const places = 64

/**
 * What is remembered of the answers of up to 64 deployments, each at a place of its own: the milliseconds to the first byte of
 * its last 256 answers, and the mean of its output tokens. They share their arrays, because three objects more for each of
 * thousands are three places in memory more that every answer has to fetch from far away. The first times of all stand together,
 * then the second ones: deployments that are called about as often write near to each other.
 */
export class AnswerHistory {
  readonly #times = new Float32Array(places * keptTimes)
  readonly #counts = new Uint32Array(places)
  readonly #meanTokens = new Float64Array(places)
  #taken = 0

  get isFull(): boolean {
    return this.#taken === places
  }

  /** A place for one more deployment. */
  takePlace(): number {
    return this.#taken++
  }

  recordTime(place: number, milliseconds: number): void {
    const count = this.#counts[place] ?? 0
    this.#times[(count % keptTimes) * places + place] = milliseconds
    this.#counts[place] = count + 1
  }

  /** How many times are kept. */
  count(place: number): number {
    return Math.min(this.#counts[place] ?? 0, keptTimes)
  }

  /** The time that this share (0 to 1) of so many last ones does not exceed; null before the first. */
  percentile(place: number, share: number, most: number): number | null {
    const recorded = this.#counts[place] ?? 0
    const count = Math.min(recorded, most, keptTimes)
    const last = new Float32Array(count)
    for (let back = 1; back <= count; back++)
      last[count - back] = this.#times[((recorded - back) % keptTimes) * places + place] ?? 0
    return last.sort()[Math.min(count - 1, Math.floor(share * count))] ?? null
  }

  /** 0 before the first answer. */
  meanTokens(place: number): number {
    return this.#meanTokens[place] ?? 0
  }

  setMeanTokens(place: number, mean: number): void {
    this.#meanTokens[place] = mean
  }
}
