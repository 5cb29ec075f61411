import type { SkillIndex } from '../skill-index.ts'
import type { Findings } from './candidate.ts'
import { defaultFusion, type FusionConstants, fuseGated } from './gated.ts'
import { judgeRanking } from './judge-ranking.ts'

/** A request and the skills that were right for it. */
export interface LabelledRequest {
  readonly text: string
  readonly relevant: ReadonlySet<string>
}

/** Constants learnt from an operator's own requests, and what speaks for them. */
export interface FusionTuning {
  /** What to use: the learnt constants when they proved better, else the ones before. */
  readonly constants: FusionConstants
  readonly accepted: boolean
  readonly evidence: {
    readonly trainingRequests: number
    readonly heldOutRequests: number
    /** nDCG@5 of the held-out requests, 0–1. */
    readonly before: number
    readonly after: number
    /** Held-out requests that got better and that got worse. */
    readonly wins: number
    readonly losses: number
    /** One-sided sign test over them. */
    readonly pValue: number
  }
}

/** Fewer held-out requests prove nothing. */
const leastHeldOut = 20
const significance = 0.1
const factors = [0.25, 0.5, 0.8, 1.25, 2, 4]
const rounds = 4

interface Example {
  readonly found: Findings
  readonly relevant: ReadonlySet<string>
}

/**
 * Learns the constants of the gated fusion. Every fifth request is held out; on the rest each constant in turn
 * is scaled as long as nDCG@5 rises. They are accepted when the held-out requests rise too, by a sign test.
 * Deterministic, and nothing is changed: the caller stores `constants`, and gives `current` again to go back.
 *
 * @param index holds the skills of the workspace; its own fusion does not matter
 */
export function tuneFusion(
  index: SkillIndex,
  labelled: readonly LabelledRequest[],
  current: FusionConstants = defaultFusion,
): FusionTuning {
  const examples = labelled.map(({ text, relevant }) => ({ found: index.find(text), relevant }))
  const training = examples.filter((_, position) => position % 5 !== 4)
  const heldOut = examples.filter((_, position) => position % 5 === 4)
  const learnt = climb(training, current)
  const before = heldOut.map((example) => judge(example, current))
  const after = heldOut.map((example) => judge(example, learnt))
  const wins = after.filter((value, position) => value > (before[position] as number)).length
  const losses = after.filter((value, position) => value < (before[position] as number)).length
  const pValue = signTest(wins, losses)
  const accepted = heldOut.length >= leastHeldOut && mean(after) > mean(before) && pValue <= significance
  return {
    constants: accepted ? learnt : current,
    accepted,
    evidence: {
      trainingRequests: training.length,
      heldOutRequests: heldOut.length,
      before: mean(before),
      after: mean(after),
      wins,
      losses,
      pValue,
    },
  }
}

/** Scales one constant after the other while the mean of the examples rises. */
function climb(examples: readonly Example[], start: FusionConstants): FusionConstants {
  let best = start
  let reached = mean(examples.map((example) => judge(example, best)))
  for (let round = 0; round < rounds; round++) {
    const before = reached
    for (const name of Object.keys(start) as (keyof FusionConstants)[]) {
      for (const factor of factors) {
        const tried = { ...best, [name]: best[name] * factor }
        const value = mean(examples.map((example) => judge(example, tried)))
        if (value <= reached + 1e-4) continue
        best = tried
        reached = value
      }
    }
    if (reached === before) break
  }
  return best
}

function judge({ found, relevant }: Example, constants: FusionConstants): number {
  const scores = fuseGated(found, constants)
  const { ids } = found
  const order = ids.map((id, candidate) => ({ id, score: scores[candidate] as number }))
  order.sort((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1))
  return judgeRanking(
    order.slice(0, 5).map(({ id }) => id),
    relevant,
  )
}

/** The chance of at least `wins` of `wins + losses` fair coins. */
function signTest(wins: number, losses: number): number {
  const total = wins + losses
  let logChoose = 0
  let sum = 0
  for (let heads = 0; heads <= total; heads++) {
    if (heads > 0) logChoose += Math.log((total - heads + 1) / heads)
    if (heads >= wins) sum += Math.exp(logChoose - total * Math.LN2)
  }
  return Math.min(1, sum)
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
