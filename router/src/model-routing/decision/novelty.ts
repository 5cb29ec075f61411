import type { Features } from '../features/features.ts'
import type { Scores } from '../scoring/scorer.ts'

/** An ask of fewer tokens says too little to be recognised. */
const leastTokens = 3

export interface Novelty {
  readonly maxSimilarity: number
  readonly threshold: number
  /** 0 for what training knows, 1 for what it has never seen. */
  readonly nu: number
}

/** How strange an ask is to a trained scorer; null for scorers that were not trained. */
export function judgeNovelty(
  { tokens }: Features,
  { maxSimilarity, noveltyThreshold }: Scores,
): Novelty | null {
  if (maxSimilarity === null || noveltyThreshold === null) return null
  const nu =
    tokens < leastTokens
      ? 1
      : noveltyThreshold <= 0
        ? 0
        : Math.max(0, Math.min(1, (noveltyThreshold - maxSimilarity) / noveltyThreshold))
  return { maxSimilarity, threshold: noveltyThreshold, nu }
}

/** Draws strange asks to the overall means and widens their uncertainty; `novelty` holds the change of q. */
export function guardNovelty(scores: Scores, nu: number, size: number, novelty: Float64Array): void {
  for (let at = 0; at < size; at++) {
    const before = scores.q[at] as number
    const after = (1 - nu) * before + nu * (scores.mean[at] as number)
    novelty[at] = after - before
    scores.q[at] = after
    scores.sigma[at] = (scores.sigma[at] as number) + 0.1 * nu
  }
}
