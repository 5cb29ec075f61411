import type { ModelDecision } from './decide-model.ts'

/** How much better another model must be for a conversation to move. */
const margin = 0.05
/** Turns a conversation is expected to go on for. */
const expectedTurns = 3

export interface HoldInput {
  readonly decision: ModelDecision
  /** Position of the model the conversation is on; -1 when a filter took it. */
  readonly pinnedAt: number
  readonly inToolLoop: boolean
  /** Tokens of the conversation so far, which the pinned model's provider may have cached. */
  readonly prefixTokens: number
  /** The provider has presumably forgotten the prefix. */
  readonly isIdle: boolean
  /** How demanding the conversation was when it was pinned; null when nobody remembers. */
  readonly pinnedTier: string | null
}

export interface Hold {
  /** Position of the model to use. */
  readonly at: number
  readonly action: 'kept' | 'switched' | 'broken'
  /** Utility won by switching. */
  readonly gain: number
  readonly switchCost: number
}

/**
 * Keeps a conversation on its model: always within a tool loop, else unless another one is better by more than a margin and
 * what reading the prefix anew costs.
 */
export function holdPin(input: HoldInput): Hold {
  const { decision, pinnedAt } = input
  const best = decision.order[0] ?? 0
  if (pinnedAt < 0) return { at: sameFamilyFirst(decision), action: 'broken', gain: 0, switchCost: 0 }
  const { utility } = decision.ranking
  const gain = (utility[best] ?? 0) - (utility[pinnedAt] ?? 0)
  const switchCost = costOfSwitching(input, best)
  const jumps = input.pinnedTier === 'simple' && decision.tier === 'reasoning'
  const needed = (jumps ? margin / 2 : margin) + switchCost
  const stays = best === pinnedAt || input.inToolLoop || gain <= needed
  return stays
    ? { at: pinnedAt, action: 'kept', gain, switchCost }
    : { at: best, action: 'switched', gain, switchCost }
}

function costOfSwitching({ decision, pinnedAt, prefixTokens, isIdle }: HoldInput, best: number): number {
  if (isIdle || decision.lambda === 0) return 0
  const pinned = decision.models[pinnedAt]
  const next = decision.models[best]
  const cached = pinned?.cacheReadPrice ?? pinned?.inputPrice ?? 0
  const dearer = Math.max(0, (next?.inputPrice ?? 0) - cached)
  return (decision.lambda * prefixTokens * dearer * expectedTurns) / decision.costRef
}

/** The order is by utility already; nothing is known of a model that is gone. */
function sameFamilyFirst({ order }: ModelDecision): number {
  return order[0] ?? 0
}
