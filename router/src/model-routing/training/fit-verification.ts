import { type Belief, binOf, keepsOwnAnswer, type VerificationTable } from '../cascade/self-verification.ts'

/** An ask that both models answered, and what the small one said of its own answer. */
export interface VerifiedAsk {
  /** Share of "yes". */
  readonly share: number
  /** Scores, 0 to 1. */
  readonly small: number
  readonly large: number
}

interface FittedVerification {
  readonly table: VerificationTable
  /** Mean quality less what calls of the large model are worth, on asks the table was not made from. */
  readonly utility: number
  /** Share of those asks whose small answers were kept. */
  readonly kept: number
}

/** So many verdicts as are usual tell hardly more parts apart. */
const bins = 5
const thresholds = Array.from({ length: 9 }, (_, step) => step / 8)
/** Asks' worth of how all of them turn out in what is believed of each part. */
const shrink = 5
const folds = 5

/**
 * The threshold and the beliefs, whichever does better first: `price` is what a call of the large model is worth, in quality. The
 * winner of cross-validation is made from all asks.
 */
export function fitVerification(
  asks: readonly VerifiedAsk[],
  price: number,
): readonly [FittedVerification, FittedVerification] {
  const fitted = [fitBeliefs, fitThreshold].map((fit): FittedVerification => {
    let [utility, kept] = [0, 0]
    for (let fold = 0; fold < folds; fold++) {
      const table = fit(
        asks.filter((_, at) => at % folds !== fold),
        price,
      )
      for (const ask of asks.filter((_, at) => at % folds === fold)) {
        const isKept = keepsOwnAnswer(table, ask.share, price)
        utility += (isKept ? ask.small : ask.large - price) / asks.length
        kept += isKept ? 1 / asks.length : 0
      }
    }
    return { table: fit(asks, price), utility, kept }
  })
  const [beliefs, threshold] = fitted as [FittedVerification, FittedVerification]
  return beliefs.utility > threshold.utility ? [beliefs, threshold] : [threshold, beliefs]
}

function fitThreshold(asks: readonly VerifiedAsk[], price: number): VerificationTable {
  const utilityOf = (threshold: number): number =>
    asks.reduce((sum, { share, small, large }) => sum + (share >= threshold ? small : large - price), 0)
  return {
    threshold: thresholds.reduce((best, next) => (utilityOf(next) > utilityOf(best) ? next : best)),
  }
}

function fitBeliefs(asks: readonly VerifiedAsk[]): VerificationTable {
  const overall = meanBelief(asks, null)
  const beliefs = Array.from({ length: bins }, (_, bin) =>
    meanBelief(
      asks.filter(({ share }) => binOf(share, bins) === bin),
      overall,
    ),
  )
  return { beliefs }
}

function meanBelief(asks: readonly VerifiedAsk[], prior: Belief | null): Belief {
  const weight = prior === null ? 0 : shrink
  const total = asks.length + weight
  const share = (count: number, before: number): number =>
    total === 0 ? 1 / 3 : (count + weight * before) / total
  const fine = asks.reduce((sum, { small }) => sum + small, 0)
  const needsLarge = asks.reduce((sum, { small, large }) => sum + (1 - small) * large, 0)
  return {
    needsLarge: share(needsLarge, prior?.needsLarge ?? 0),
    fine: share(fine, prior?.fine ?? 0),
    hopeless: share(asks.length - fine - needsLarge, prior?.hopeless ?? 0),
  }
}
