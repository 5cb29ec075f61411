import type { LiveState } from './scorer.ts'

/** The 95th percentile of fewer answers would be the slowest of them, which says little. */
const leastAnswers = 20
const mostAnswers = 256

/** Milliseconds within which 19 of 20 answers of a model begin; null while too few are known. */
export function slownessOf(live: LiveState, model: string): number | null {
  return live.answers(model) < leastAnswers ? null : live.latencyMs(model, 0.95, mostAnswers)
}
