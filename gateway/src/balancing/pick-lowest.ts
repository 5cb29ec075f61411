import type { Deployment } from '../deployments/deployment.ts'

/** The candidate with the lowest score; ties go to the lower second score, then to chance, each alike. */
export function pickLowest(
  candidates: readonly Deployment[],
  score: (deployment: Deployment) => number,
  second: (deployment: Deployment) => number,
  random: () => number,
): Deployment {
  let best: Deployment | null = null
  let bestScore = 0
  let bestSecond = 0
  let equals = 0
  for (const deployment of candidates) {
    const own = score(deployment)
    const ownSecond = second(deployment)
    const tie = best !== null && own === bestScore && ownSecond === bestSecond
    equals = tie ? equals + 1 : 1
    if (best !== null && !tie && (own > bestScore || (own === bestScore && ownSecond > bestSecond))) continue
    if (tie && random() * equals >= 1) continue
    best = deployment
    bestScore = own
    bestSecond = ownSecond
  }
  if (best === null) throw new Error('there is nothing to pick from')
  return best
}
