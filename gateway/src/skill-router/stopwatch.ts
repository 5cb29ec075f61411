/** The stages of a decision, in the order of the `Server-Timing` header. */
export type Timings = Readonly<Record<'scope' | 'embed' | 'retrieve' | 'rerank' | 'render', number>>

/** Measures consecutive stages, in milliseconds. */
export class Stopwatch {
  readonly timings = { scope: 0, embed: 0, retrieve: 0, rerank: 0, render: 0 }
  readonly #startedAt = performance.now()
  #lap = this.#startedAt

  /** The time since the last stage ended belongs to this one. */
  end(stage: keyof Timings): void {
    const now = performance.now()
    this.timings[stage] += now - this.#lap
    this.#lap = now
  }

  get elapsed(): number {
    return performance.now() - this.#startedAt
  }
}

/** The value of `Server-Timing`. */
export function formatServerTiming(timings: Timings): string {
  const { scope, embed, retrieve, rerank, render } = timings
  return `scope;dur=${scope.toFixed(2)}, embed;dur=${embed.toFixed(2)}, retrieve;dur=${retrieve.toFixed(2)}, rerank;dur=${rerank.toFixed(2)}, render;dur=${render.toFixed(2)}`
}
