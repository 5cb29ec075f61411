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

/**
 * The cheapest λ that is expected to keep the target's share of the reference's quality; 0 when none is. Meant for pooled
 * predictions of cross-validation. The outcomes of some thousand asks are too noisy to tell one λ from the next, the estimates of
 * quality are smooth but may be wrong: so the estimates say how the ratio falls with λ, and the outcomes of all λ nearby by how
 * much to move that curve at each place, the less the noisier they are.
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
  let best: (FittedLambda & { readonly saved: number }) | null = null
  for (const { lambda, outcome, expected } of steps) {
    const ratio = expected + correctNear(steps, expected)
    const meets = lambda === 0 || ratio >= target
    if (!meets || (best !== null && outcome.saved <= best.saved)) continue
    best = { lambda, target, ratio, error: outcome.ratioError, saved: outcome.saved }
  }
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
