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
  return pick !== null && isAmong(candidates, pick.deployment, context.wholeLevel)
    ? { deployment: pick.deployment, fallbackTriggered: false }
    : { deployment: pickByShuffle(candidates, context).deployment, fallbackTriggered: true }
}

/** Above this a level is better looked up than looked through. */
const fewDeployments = 64

const membersOf = new WeakMap<readonly Deployment[], ReadonlySet<Deployment>>()

function isAmong(candidates: readonly Deployment[], deployment: Deployment, wholeLevel: boolean): boolean {
  if (!wholeLevel || candidates.length <= fewDeployments) return candidates.includes(deployment)
  const members = membersOf.get(candidates) ?? new Set(candidates)
  membersOf.set(candidates, members)
  return members.has(deployment)
}
