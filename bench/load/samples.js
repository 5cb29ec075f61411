/** Latencies in milliseconds, without boxing. */
export class Samples {
  constructor() {
    this.values = new Float64Array(65_536)
    this.length = 0
  }

  /** @param {number} value */
  add(value) {
    if (this.length === this.values.length) {
      const larger = new Float64Array(this.values.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.length] = value
    this.length += 1
  }

  /** @returns {{ p50: number, p99: number, max: number } | null} null without a sample */
  summarise() {
    if (this.length === 0) return null
    const sorted = this.values.slice(0, this.length).sort()
    const at = (share) => sorted[Math.min(this.length - 1, Math.floor(share * this.length))]
    return { p50: at(0.5), p99: at(0.99), max: sorted[this.length - 1] }
  }
}
