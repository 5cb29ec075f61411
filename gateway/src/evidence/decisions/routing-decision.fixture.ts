import type { OfferedSkill, RoutingDecision } from './routing-decision.ts'

export function offeredSkill(name: string, members: Partial<OfferedSkill> = {}): OfferedSkill {
  return {
    skillId: `id-of-${name}`,
    versionId: `version-of-${name}`,
    contentHash: `hash-of-${name}`,
    name,
    rank: 1,
    score: 0.9,
    relevance: 0.8,
    propensity: 1,
    explored: false,
    ...members,
  }
}

export function routingDecision(members: Partial<RoutingDecision> = {}): RoutingDecision {
  return {
    routingId: 'rt_000000000000000000000001',
    workspaceId: 'default',
    keyHash: null,
    agentName: 'helper',
    model: null,
    source: 'api',
    strategy: 'smart_routing',
    querySha256: 'a'.repeat(64),
    queryText: null,
    eligibleCount: 2,
    catalogueDigest: 'digest',
    offered: [offeredSkill('pdf')],
    offerDigest: null,
    passedOver: [],
    hinted: ['pdf'],
    holdout: false,
    degradedReason: null,
    timings: { retrieve: 0.4 },
    createdAt: Date.UTC(2026, 5, 1, 12),
    ...members,
  }
}
