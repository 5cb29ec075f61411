import { provenFrom } from '../effectiveness/rerank.ts'
import type { MenuEntry } from './menu-entry.ts'
import type { RankedCandidate } from './rank-candidates.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface SelectionPolicy {
  /** Slots: how many skills are offered. */
  readonly topK: number
  /** From which relevance on a skill may be selected, hinted or explored. */
  readonly minRelevance: number
  /** How often the last slot is given to an unproven skill. */
  readonly exploreRate: number
}

/** A candidate's place in a decision. */
export interface Placed<Skill extends MenuEntry> extends RankedCandidate<Skill> {
  /** How likely it was to be offered. */
  readonly propensity: number
  readonly explored: boolean
}

export interface Offer<Skill extends MenuEntry> {
  readonly offered: readonly Placed<Skill>[]
  /** The best of those not offered, as far as twice the slots, with how likely they were. */
  readonly passedOver: readonly Placed<Skill>[]
}

/**
 * Fills the slots with the best candidates; the last one goes to an unproven skill now and then, so that it can be
 * judged at all. `random` null does not explore. It is drawn whether to explore, then whom. The propensities of
 * offered and passed over add up to the number of slots filled.
 */
export function selectOffer<Skill extends MenuEntry>(
  ranked: readonly RankedCandidate<Skill>[],
  policy: SelectionPolicy,
  random: SeededRandom | null,
): Offer<Skill> {
  const considered = ranked.slice(0, 2 * policy.topK)
  const weights = random === null ? [] : weighExplorable(considered, policy)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const rate = total > 0 ? policy.exploreRate : 0
  const last = policy.topK - 1
  const explored = random !== null && random.next() < rate ? draw(weights, random.next() * total) : null
  const offered: Placed<Skill>[] = []
  const passedOver: Placed<Skill>[] = []
  for (const [rank, candidate] of considered.entries()) {
    const behind = rate === 0 ? 0 : (rate * (weights[rank] ?? 0)) / total
    const propensity = rank < last ? 1 : rank === last ? 1 - rate : behind
    const isOffered = rank < last || rank === (explored ?? last)
    const list = isOffered ? offered : passedOver
    list.push(place(candidate, propensity, rank === explored))
  }
  return { offered, passedOver }
}

/** Member by member: a spread takes ten times as long. */
function place<Skill extends MenuEntry>(
  candidate: RankedCandidate<Skill>,
  propensity: number,
  explored: boolean,
): Placed<Skill> {
  const { skill, fused, relevance, score, lists, factor, bonus, final, judged, offers30d } = candidate
  return {
    skill,
    fused,
    relevance,
    score,
    lists,
    factor,
    bonus,
    final,
    judged,
    offers30d,
    propensity,
    explored,
  }
}

/** What each candidate weighs in the draw for the last slot; 0 for those that take no part. */
function weighExplorable<Skill extends MenuEntry>(
  considered: readonly RankedCandidate<Skill>[],
  policy: SelectionPolicy,
): number[] {
  return considered.map(({ judged, relevance, offers30d }, rank) =>
    rank >= policy.topK && judged < provenFrom && relevance >= policy.minRelevance
      ? relevance / (1 + offers30d)
      : 0,
  )
}

function draw(weights: readonly number[], target: number): number {
  let passed = 0
  let chosen = 0
  for (const [rank, weight] of weights.entries()) {
    if (weight === 0) continue
    chosen = rank
    passed += weight
    if (target < passed) break
  }
  return chosen
}
