import { normalCdf } from '../decision/decide.ts'

/** What became of one variant's units (users, else requests); analysed as assigned, whatever ran. */
export interface VariantOutcomes {
  readonly name: string
  readonly weight: number
  /** Units that the variant could have made a difference to. */
  readonly units: number
  /** Mean score of each judged unit. */
  readonly qualities: readonly number[]
  /** Cost of all judged tasks by successful one; null without a success. */
  readonly costPerSuccess: number | null
  readonly requests: number
  readonly errors: number
  /** Null while there are too few to tell. */
  readonly p95Ms: number | null
}

export interface ExperimentTerms {
  /** How much worse a challenger's quality may be, 0 to 1. */
  readonly margin: number
  /** Judged units a variant needs. */
  readonly minSamples: number
  /** It has run as long as it must. */
  readonly isOldEnough: boolean
}

interface ChallengerReport {
  readonly name: string
  /** Of the challenger less that of the control. */
  readonly qualityDifference: number | null
  /** Holds at all times, however often it is looked at. */
  readonly qualityInterval: readonly [number, number] | null
  readonly costPerSuccessDifference: number | null
  /** Which guard it broke; null while it keeps them. */
  readonly breach: 'error_rate' | 'latency' | 'quality' | null
  /** Quality is kept within the margin, and success got cheaper. */
  readonly isBetter: boolean
}

export interface ExperimentReport {
  readonly challengers: readonly ChallengerReport[]
  /** Probability of so uneven a split by chance. */
  readonly sampleRatioP: number
  readonly isSampleRatioOff: boolean
  /** There is enough to be looked at. */
  readonly isComplete: boolean
}

const alpha = 0.05
const unevenP = 0.001
const leastForRates = 100
const mostErrorRise = 0.02
const mostLatencyRise = 0.3
const mostQualityLoss = 0.03

/** Holds the challengers against the first variant, the control. */
export function analyseExperiment(
  variants: readonly VariantOutcomes[],
  { margin, minSamples, isOldEnough }: ExperimentTerms,
): ExperimentReport {
  const [control, ...others] = variants
  if (control === undefined) throw new Error('an experiment without variants')
  const sampleRatioP = sampleRatio(variants)
  return {
    challengers: others.map((challenger) => compare(control, challenger, margin, minSamples)),
    sampleRatioP,
    isSampleRatioOff: sampleRatioP < unevenP,
    isComplete: isOldEnough && variants.every(({ qualities }) => qualities.length >= minSamples),
  }
}

function compare(
  control: VariantOutcomes,
  challenger: VariantOutcomes,
  margin: number,
  minSamples: number,
): ChallengerReport {
  const interval = differenceInterval(control.qualities, challenger.qualities, minSamples)
  const difference = interval === null ? null : meanOf(challenger.qualities) - meanOf(control.qualities)
  const cost =
    control.costPerSuccess === null || challenger.costPerSuccess === null
      ? null
      : challenger.costPerSuccess - control.costPerSuccess
  return {
    name: challenger.name,
    qualityDifference: difference,
    qualityInterval: interval,
    costPerSuccessDifference: cost,
    breach: findBreach(control, challenger, interval),
    isBetter: interval !== null && interval[0] >= -margin && cost !== null && cost < 0,
  }
}

function findBreach(
  control: VariantOutcomes,
  challenger: VariantOutcomes,
  interval: ChallengerReport['qualityInterval'],
): ChallengerReport['breach'] {
  if (Math.min(control.requests, challenger.requests) >= leastForRates) {
    const rise = challenger.errors / challenger.requests - control.errors / control.requests
    if (rise > mostErrorRise) return 'error_rate'
    if (
      control.p95Ms !== null &&
      challenger.p95Ms !== null &&
      challenger.p95Ms > control.p95Ms * (1 + mostLatencyRise)
    )
      return 'latency'
  }
  // All of what is plausible is a loss.
  return interval !== null && interval[1] < -mostQualityLoss ? 'quality' : null
}

/**
 * An interval for the difference of two means that holds at all times at once (an asymptotic confidence sequence, Waudby-Smith
 * et al. 2021), narrowest at `planned` units. Null while either side has fewer than two.
 */
export function differenceInterval(
  control: readonly number[],
  challenger: readonly number[],
  planned: number,
): readonly [number, number] | null {
  const size = Math.min(control.length, challenger.length)
  if (size < 2) return null
  const spread = Math.sqrt(
    (varianceOf(control) * size) / control.length + (varianceOf(challenger) * size) / challenger.length,
  )
  const half = spread * anytimeWidth(size, planned, alpha / 2)
  const difference = meanOf(challenger) - meanOf(control)
  return [difference - half, difference + half]
}

/** Half the width of the interval of a mean of `size` outcomes with a spread of 1. */
function anytimeWidth(size: number, planned: number, share: number): number {
  const log = -2 * Math.log(share)
  const rho2 = (log + Math.log(log + 1)) / Math.max(1, planned)
  const grown = size * rho2 + 1
  return Math.sqrt(((2 * grown) / (size * size * rho2)) * Math.log(Math.sqrt(grown) / share))
}

/** The chance of a split at least as uneven, by the weights. */
function sampleRatio(variants: readonly VariantOutcomes[]): number {
  const units = variants.reduce((sum, variant) => sum + variant.units, 0)
  const weights = variants.reduce((sum, { weight }) => sum + weight, 0)
  if (units === 0 || weights === 0) return 1
  const statistic = variants.reduce((sum, variant) => {
    const expected = (units * variant.weight) / weights
    return expected === 0 ? sum : sum + (variant.units - expected) ** 2 / expected
  }, 0)
  return chiSquareTail(statistic, variants.length - 1)
}

/** P(χ² > x), by the recurrence over degrees of freedom. */
function chiSquareTail(x: number, degrees: number): number {
  if (degrees < 1 || x <= 0) return 1
  const half = x / 2
  let from = degrees % 2 === 0 ? 2 : 1
  let tail = from === 2 ? Math.exp(-half) : 2 * (1 - normalCdf(Math.sqrt(x)))
  // (x/2)^(k/2) e^(−x/2) / Γ(k/2 + 1)
  let term =
    from === 2 ? half * Math.exp(-half) : (Math.sqrt(half) * Math.exp(-half)) / (Math.sqrt(Math.PI) / 2)
  while (from < degrees) {
    tail += term
    from += 2
    term *= half / (from / 2)
  }
  return Math.max(0, Math.min(1, tail))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1)
}
