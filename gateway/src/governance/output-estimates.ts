const remembered = 128
const enough = 20
const recomputeEvery = 16
const assumed = 500
/** A caller who allows many times what the model usually writes reserves what it usually writes. */
const generous = 4

interface Sample {
  readonly outputs: Float64Array
  /** How many of them are filled. */
  count: number
  next: number
  sinceComputed: number
  p95: number | null
}

/** How many tokens a model group writes, from its last answers: for reservations before the call. */
export class OutputEstimates {
  readonly #samples = new Map<string, Sample>()

  learn(group: string, outputTokens: number): void {
    let sample = this.#samples.get(group)
    if (sample === undefined) {
      sample = { outputs: new Float64Array(remembered), count: 0, next: 0, sinceComputed: 0, p95: null }
      this.#samples.set(group, sample)
    }
    sample.outputs[sample.next] = outputTokens
    sample.next = (sample.next + 1) % remembered
    sample.count = Math.max(sample.count, sample.next === 0 ? remembered : sample.next)
    sample.sinceComputed += 1
    if (sample.count < enough) return
    if (sample.p95 !== null && sample.sinceComputed < recomputeEvery) return
    // By number, and without a call for each comparison.
    const sorted = sample.outputs.slice(0, sample.count).sort()
    sample.p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? null
    sample.sinceComputed = 0
  }

  /** What the request will probably write: its own limit, unless it has none or a far too generous one. */
  expect(group: string, maxTokens: number | null): number {
    const usual = this.#samples.get(group)?.p95 ?? null
    if (maxTokens === null) return usual ?? assumed
    return usual !== null && maxTokens > usual * generous ? usual : maxTokens
  }
}
