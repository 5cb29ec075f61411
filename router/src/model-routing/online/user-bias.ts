/** What one user said of one model, summed with scores from -1 to 1. */
export interface PreferenceSums {
  readonly weight: number
  readonly reward: number
}

const doubt = 10
const mostBias = 0.15
const halfLifeMs = 30 * 86_400_000

/** What a user's opinion adds to the estimate of a model. */
export function userBias({ weight, reward }: PreferenceSums): number {
  return Math.max(-mostBias, Math.min(mostBias, reward / (weight + doubt)))
}

/** Sums as they count so much later. */
export function agePreference({ weight, reward }: PreferenceSums, ageMs: number): PreferenceSums {
  const share = 2 ** (-Math.max(0, ageMs) / halfLifeMs)
  return { weight: share * weight, reward: share * reward }
}
