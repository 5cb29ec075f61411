import type { ModelDecision } from './decide-model.ts'

/** A candidate that is so much worse is not worth trying. */
const nearlyAsGood = 0.05
const mostTimesDearer = 3

export interface Exploration {
  /** Position of the model to use. */
  readonly at: number
  readonly explored: boolean
  /** Probability that this policy uses the model, by position. */
  readonly propensity: Float64Array
}

/**
 * Now and then one of the candidates that are nearly as good as the best, so that something is learned of them; the
 * probabilities are told, so that outcomes can be weighed. Drawn once, whatever the answer.
 */
export function explore(
  { order, pool, ranking: { utility }, scores: { cost } }: ModelDecision,
  rate: number,
  random: () => number,
): Exploration {
  const best = order[0] ?? 0
  const others = order.filter(
    (at) =>
      at !== best &&
      (pool === null || pool.includes(at)) &&
      (utility[at] as number) >= (utility[best] as number) - nearlyAsGood &&
      (cost[at] as number) <= mostTimesDearer * (cost[best] as number),
  )
  const propensity = new Float64Array(utility.length)
  const drawn = random()
  if (others.length === 0 || rate <= 0) {
    propensity[best] = 1
    return { at: best, explored: false, propensity }
  }
  propensity[best] = 1 - rate
  for (const at of others) propensity[at] = rate / others.length
  if (drawn >= rate) return { at: best, explored: false, propensity }
  return { at: others[Math.floor((drawn / rate) * others.length)] ?? best, explored: true, propensity }
}
