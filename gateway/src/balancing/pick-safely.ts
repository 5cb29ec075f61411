import type { Deployment } from '../deployments/deployment.ts'
import { pickByShuffle } from './simple-shuffle.ts'
import type { Pick, PickContext, Strategy } from './strategy.ts'

export interface SafePick {
  readonly deployment: Deployment
  /** True when the strategy failed or had no opinion, and simple-shuffle chose instead. */
  readonly fallbackTriggered: boolean
}

/** Asks the strategy; when it throws, answers null or names something that is no candidate, simple-shuffle decides. */
export function pickSafely(
  strategy: Strategy,
  context: PickContext,
  candidates: readonly Deployment[],
): SafePick {
  let pick: Pick | null
  try {
    pick = strategy.pick(context, candidates)
  } catch {
    pick = null
  }
  return pick !== null && candidates.includes(pick.deployment)
    ? { deployment: pick.deployment, fallbackTriggered: false }
    : { deployment: pickByShuffle(candidates, context).deployment, fallbackTriggered: true }
}
