import { hash } from 'node:crypto'
import type { DecisionRow } from '@routeiq/router'
import type { OfferedSkill, RoutingDecision } from '../evidence/decisions/routing-decision.ts'
import type { Caller } from '../identity/caller.ts'
import { type HotSkill, versionFor } from './hot-skill.ts'
import type { Routed } from './skill-router.ts'
import { round } from './skill-row.ts'

/** Who asked for a decision, and how. */
export interface Asker {
  readonly workspaceId: string
  readonly caller: Caller
  readonly agentName: string | null
  readonly model: string | null
  readonly source: RoutingDecision['source']
  /** Null for a menu. */
  readonly query: string | null
  /** Keeps the text of the request, not only its digest. */
  readonly captureContent: boolean
  /** Epoch milliseconds. */
  readonly now: number
}

/** What is kept of what a decision offered. */
export type Offer = Pick<RoutingDecision, 'offered' | 'offerDigest'>

/** The row a decision leaves behind. Errors: a dry run has none. */
export function toRoutingDecision(routed: Routed, asker: Asker, offer: Offer): RoutingDecision {
  const { decision, routingId } = routed
  if (routingId === null) throw new Error('a dry run is not recorded')
  return {
    routingId,
    workspaceId: asker.workspaceId,
    keyHash: asker.caller.keyHash,
    agentName: asker.agentName,
    model: asker.model,
    source: asker.source,
    strategy: decision.strategy,
    querySha256: asker.query === null ? null : hash('sha256', asker.query),
    queryText: asker.captureContent ? asker.query : null,
    eligibleCount: routed.menu.entries.length,
    catalogueDigest: routed.catalogueDigest,
    offered: offer.offered,
    offerDigest: offer.offerDigest,
    passedOver: decision.passedOver.map(({ skill, propensity }) => ({
      skillId: skill.skillId,
      name: skill.name,
      propensity,
    })),
    hinted: decision.hinted.map(({ name }) => name),
    holdout: decision.holdout,
    degradedReason: routed.degradedReason,
    timings: routed.timings,
    createdAt: asker.now,
  }
}

/** An offer that many decisions make: its digest goes by all there is to say about it. */
export function shareOffer(offered: readonly OfferedSkill[]): Offer {
  return { offered, offerDigest: hash('sha256', JSON.stringify(offered)) }
}

/** The offered rows in the versions `agent` is served, as they are kept: scores as the answer says them. */
export function listOffered(
  rows: readonly DecisionRow<HotSkill>[],
  agent: string | null,
): readonly OfferedSkill[] {
  return rows.map(({ skill, rank, score, relevance, propensity, explored }) => {
    const { skillId, name } = skill
    const { versionId, contentHash } = versionFor(skill, agent)
    return {
      skillId,
      versionId,
      contentHash,
      name,
      rank,
      score: round(score),
      relevance: round(relevance),
      propensity,
      explored,
    }
  })
}
