import type { ModelInfo, Scores } from '../scoring/scorer.ts'
import type { AgreementCascade } from './agreement.ts'
import type { Comparator } from './compare-answers.ts'
import type { VerificationTable } from './self-verification.ts'

/** Several calls for one answer: who is asked, and what has to hold for an answer to be kept. */
export type CascadePlan = CascadeSteps & {
  /** A client that wants a stream may be kept waiting for it until an answer is kept. */
  readonly buffersStreams: boolean
}

/** By position of the candidates. */
type CascadeSteps =
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
      /** What the share of "yes" among them means. */
      readonly table: VerificationTable
    }

/** Who is asked at once, and who answers where these differ. */
export type AgreementPlan = Pick<AgreementCascade, 'first' | 'second' | 'strong'>

/** The two cheap ones together may cost at most this share of the strong one. */
const mostPairCost = 0.6

/** Two cheap models and the best one; null where the pair would not be cheap enough, or is expected not to pay. */
export function planAgreement(models: readonly ModelInfo[], scores: Scores): AgreementPlan | null {
  const allowed = allowedOf(models, scores)
  const strong = bestOf(scores.mean, allowed)
  const [first, second] = byCost(allowed, scores).filter((at) => at !== strong)
  if (strong === undefined || first === undefined || second === undefined) return null
  const costOf = (at: number): number => scores.cost[at] as number
  const pair = costOf(first) + costOf(second)
  // Two models that are both right say the same; of those that are wrong hardly any do.
  const agreeing = (scores.q[first] as number) * (scores.q[second] as number)
  if (pair > mostPairCost * costOf(strong) || pair + (1 - agreeing) * costOf(strong) >= costOf(strong))
    return null
  return { first, second, strong }
}

/**
 * From cheap to good: models between the two are rungs where that is expected to cost less. Null where the strong model alone is
 * expected to cost no more.
 */
export function planRungs(
  models: readonly ModelInfo[],
  scores: Scores,
  mostRungs: number,
): readonly number[] | null {
  const allowed = allowedOf(models, scores)
  const strong = bestOf(scores.mean, allowed)
  const [cheapest] = byCost(allowed, scores)
  if (cheapest === undefined || strong === undefined || cheapest === strong) return null
  let rungs: readonly number[] = [cheapest, strong]
  while (rungs.length < mostRungs) {
    const taller = insertCheapest(rungs, byCost(allowed, scores), scores)
    if (taller === null) break
    rungs = taller
  }
  return paysOff(rungs, scores)
}

/** One rung more, where that is expected to cost less; null where none is worth it. */
function insertCheapest(
  rungs: readonly number[],
  cheapestFirst: readonly number[],
  scores: Scores,
): readonly number[] | null {
  let best: readonly number[] | null = null
  let least = expectedCost(rungs, scores)
  for (const at of cheapestFirst) {
    if (rungs.includes(at)) continue
    const above = rungs.findIndex((rung) => (scores.cost[rung] as number) > (scores.cost[at] as number))
    // Dearer than the strong model is never worth it.
    if (above < 1) continue
    const taller = [...rungs.slice(0, above), at, ...rungs.slice(above)]
    const cost = expectedCost(taller, scores)
    if (cost < least) [best, least] = [taller, cost]
  }
  return best
}

/** The rungs, where going up them is expected to cost less than asking the last one alone; else null. */
export function paysOff(rungs: readonly number[], scores: Scores): readonly number[] | null {
  const last = rungs.at(-1)
  if (last === undefined || rungs.length < 2) return null
  return expectedCost(rungs, scores) < (scores.cost[last] as number) ? rungs : null
}

/** Each rung costs as often as those below it fail. */
function expectedCost(rungs: readonly number[], { q, cost }: Scores): number {
  let reached = 1
  let expected = 0
  for (const at of rungs) {
    expected += reached * (cost[at] as number)
    reached *= 1 - (q[at] as number)
  }
  return expected
}

/** What the inner scorer left to choose from. */
function allowedOf(models: readonly ModelInfo[], { pool }: Scores): readonly number[] {
  return pool ?? models.map((_, at) => at)
}

function bestOf(values: Float64Array, allowed: readonly number[]): number | undefined {
  return allowed.reduce<number | undefined>(
    (best, at) => (best === undefined || (values[at] as number) > (values[best] as number) ? at : best),
    undefined,
  )
}

function byCost(allowed: readonly number[], { cost }: Scores): readonly number[] {
  return [...allowed].sort((left, right) => (cost[left] as number) - (cost[right] as number) || left - right)
}
