/**
 * The last few samples of one measure, oldest overwritten first. A penalty (a timeout has no measured value)
 * loses half of its weight every minute, so that one bad answer cannot starve a deployment for long.
 */
export class LatencyRing {
  private readonly values: Float64Array
  private readonly times: Float64Array
  private readonly penalties: Uint8Array
  private next = 0
  private count = 0

  constructor(size: number) {
    this.values = new Float64Array(size)
    this.times = new Float64Array(size)
    this.penalties = new Uint8Array(size)
  }

  get size(): number {
    return this.values.length
  }

  record(seconds: number, now: number, penalty: boolean): void {
    this.values[this.next] = seconds
    this.times[this.next] = now
    this.penalties[this.next] = penalty ? 1 : 0
    this.next = (this.next + 1) % this.values.length
    if (this.count < this.values.length) this.count++
  }

  /** Mean of the samples younger than `lifetimeMs`, in seconds; -1 when there is none. */
  mean(now: number, lifetimeMs: number): number {
    let sum = 0
    let seen = 0
    for (let index = 0; index < this.count; index++) {
      const age = now - (this.times[index] ?? 0)
      if (age >= lifetimeMs) continue
      const value = this.values[index] ?? 0
      sum += this.penalties[index] === 1 ? value * 2 ** (-age / penaltyHalfLifeMs) : value
      seen++
    }
    return seen === 0 ? -1 : sum / seen
  }
}

const penaltyHalfLifeMs = 60_000
