/** How far a model's rewards have wandered from what they used to be, both ways. */
export interface DriftState {
  readonly above: number
  readonly below: number
  /** Raised by every alarm; what was learned in earlier epochs counts little. */
  readonly epoch: number
  /** Rewards since the last alarm. */
  readonly rewards: number
  /** Their mean distance from what was expected: an estimate that is merely wrong is no drift. */
  readonly level: number
}

export const noDrift: DriftState = { above: 0, below: 0, epoch: 0, rewards: 0, level: 0 }

/** Noise that is no drift. */
const slack = 0.05
const alarm = 4
/** So many rewards tell what is usual. */
const firstRewards = 10
/** What outcomes of an earlier epoch still count. */
export const earlierEpochShare = 0.1
const settledRewards = 30
const widening = 0.1

/**
 * One more reward of a model, by how far it was from what was expected (Page's two-sided cumulative sum, 1954). An alarm begins
 * a new epoch.
 */
export function watchDrift(
  state: DriftState,
  residual: number,
): { readonly state: DriftState; readonly isAlarm: boolean } {
  const rewards = state.rewards + 1
  const level = state.level + (residual - state.level) / rewards
  if (rewards <= firstRewards) return { state: { ...state, rewards, level }, isAlarm: false }
  const above = Math.max(0, state.above + (residual - state.level) - slack)
  const below = Math.max(0, state.below - (residual - state.level) - slack)
  if (Math.max(above, below) < alarm)
    return { state: { ...state, above, below, rewards, level }, isAlarm: false }
  return { state: { ...noDrift, epoch: state.epoch + 1 }, isAlarm: true }
}

/** What is added to the doubt about a model that turned out other than it used to, until it is known again. */
export function driftWidening({ epoch, rewards }: DriftState): number {
  return epoch > 0 && rewards < settledRewards ? widening : 0
}

/** The share of a model's estimate from training that is still believed: little of one that turned out other than it used to. */
export function trustInTraining({ epoch }: DriftState): number {
  return epoch > 0 ? earlierEpochShare : 1
}
