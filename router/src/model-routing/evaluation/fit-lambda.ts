import type { Predictions } from './predictions.ts'
import { judge, lambdaGrid, type Outcome, pickAll } from './trade-off.ts'

export interface FittedLambda {
  readonly lambda: number
  readonly target: number
  readonly ratio: number
  readonly error: number
}

/** Ratios this close to each other tell together how far estimates are wrong there. */
const nearby = 0.02
/** How far estimates of the ratio are wrong at least. */
const leastError = 0.005
/** What a call costs is estimated before it: as if at a λ up to so many times greater. */
const costMistake = 2
/** What may be lost below the target to such a mistake. */
const mostFall = 0.1

/**
 * The cheapest λ that is expected to keep the target's share of the reference's quality; 0 when none is. Meant for pooled
 * predictions of cross-validation. The outcomes of some thousand asks are too noisy to tell one λ from the next, the estimates of
 * quality are smooth but may be wrong: so the estimates say how the ratio falls with λ, and the outcomes of all λ nearby by how
 * much to move that curve at each place, the less the noisier they are. A λ shortly before a fall of quality is none: a request
 * dearer than those of the training would go over the edge.
 */
export function fitLambda(
  predictions: Predictions,
  reference: number,
  target: number,
  costRef: number,
): FittedLambda {
  const steps = lambdaGrid.map((lambda) => {
    const picks = pickAll(predictions, lambda, costRef)
    const outcome = judge(predictions, picks, reference)
    return { lambda, outcome, expected: expectRatio(predictions, picks, reference, outcome) }
  })
  const ratios = steps.map(({ expected }) => expected + correctNear(steps, expected))
  const isSafe = (at: number): boolean => {
    const reach = (steps[at] as Step).lambda * costMistake
    return steps.every(
      ({ lambda }, above) => above < at || lambda > reach || (ratios[above] as number) >= target - mostFall,
    )
  }
  let best: (FittedLambda & { readonly saved: number }) | null = null
  steps.forEach(({ lambda, outcome: { saved, ratioError } }, at) => {
    const ratio = ratios[at] as number
    const meets = lambda === 0 || (ratio >= target && isSafe(at))
    if (meets && (best === null || saved > best.saved))
      best = { lambda, target, ratio, error: ratioError, saved }
  })
  return best ?? { lambda: 0, target, ratio: 1, error: 0 }
}

function expectRatio(
  { rows, models, quality }: Predictions,
  picks: Int32Array,
  reference: number,
  { referenceQuality }: Outcome,
): number {
  if (referenceQuality === 0) return 1
  let gained = 0
  for (let row = 0; row < rows; row++)
    gained +=
      (quality[row * models + (picks[row] as number)] as number) -
      (quality[row * models + reference] as number)
  return 1 + gained / Math.max(1, rows) / referenceQuality
}

interface Step {
  readonly lambda: number
  readonly outcome: Outcome
  readonly expected: number
}

/** What is added to an expected ratio: the mean error of all that are near it, as far as that is more than noise. */
function correctNear(steps: readonly Step[], place: number): number {
  const near = steps.filter(({ expected }) => Math.abs(expected - place) <= nearby)
  const meanOf = (read: (step: Step) => number): number =>
    near.reduce((sum, step) => sum + read(step), 0) / near.length
  const noise = meanOf(({ outcome }) => outcome.ratioError)
  const error = meanOf(({ outcome, expected }) => outcome.ratio - expected)
  // Empirical Bayes: what is seen beyond the noise is how wrong estimates are.
  const wrong = Math.max(leastError ** 2, error ** 2 - noise ** 2)
  return (error * wrong) / (wrong + noise ** 2)
}
