import type { ModelInfo, Scores } from '../scoring/scorer.ts'
import type { Comparator } from './compare-answers.ts'

/** Several calls for one answer: who is asked, and what has to hold for an answer to be kept. By position of the candidates. */
export type CascadePlan =
  | {
      readonly mode: 'agreement'
      readonly first: number
      readonly second: number
      readonly strong: number
      /** Null where the request says how its answers are compared. */
      readonly comparator: Comparator | null
      readonly ignoredPaths: readonly string[]
    }
  | {
      readonly mode: 'validity'
      /** Cheapest first; the last one's answer is kept whatever it is. */
      readonly rungs: readonly number[]
      readonly confidence: number
    }
  | {
      readonly mode: 'verify'
      readonly small: number
      readonly large: number
      /** So many times the small model is asked whether its answer is right. */
      readonly samples: number
      /** Share of "yes" below which the large model answers. */
      readonly threshold: number
    }

/** The two cheap ones together may cost at most this share of the strong one. */
const mostPairCost = 0.6

/** Two cheap models and the best one; null where the pair would not be cheap enough, or is expected not to pay. */
export function planAgreement(
  models: readonly ModelInfo[],
  scores: Scores,
): readonly [number, number, number] | null {
  const strong = bestOf(scores.mean)
  const [first, second] = byCost(models, scores).filter((at) => at !== strong)
  if (first === undefined || second === undefined) return null
  const costOf = (at: number): number => scores.cost[at] as number
  const pair = costOf(first) + costOf(second)
  // Two models that are both right say the same; of those that are wrong hardly any do.
  const agreeing = (scores.q[first] as number) * (scores.q[second] as number)
  if (pair > mostPairCost * costOf(strong) || pair + (1 - agreeing) * costOf(strong) >= costOf(strong))
    return null
  return [first, second, strong]
}

/** From cheap to good; null where the strong model alone is expected to cost no more. */
export function planRungs(models: readonly ModelInfo[], scores: Scores): readonly number[] | null {
  const strong = bestOf(scores.mean)
  const [cheapest] = byCost(models, scores)
  return cheapest === undefined || cheapest === strong ? null : paysOff([cheapest, strong], scores)
}

/** The rungs, where going up them is expected to cost less than asking the last one alone; else null. */
export function paysOff(rungs: readonly number[], { q, cost }: Scores): readonly number[] | null {
  const last = rungs.at(-1)
  if (last === undefined || rungs.length < 2) return null
  let reached = 1
  let expected = 0
  for (const at of rungs) {
    expected += reached * (cost[at] as number)
    reached *= 1 - (q[at] as number)
  }
  return expected < (cost[last] as number) ? rungs : null
}

function bestOf(values: Float64Array): number {
  return values.reduce((best, value, at) => (value > (values[best] as number) ? at : best), 0)
}

function byCost(models: readonly ModelInfo[], { cost }: Scores): readonly number[] {
  return models
    .map((_, at) => at)
    .sort((left, right) => (cost[left] as number) - (cost[right] as number) || left - right)
}
