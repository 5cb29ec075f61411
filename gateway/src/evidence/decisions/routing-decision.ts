/** What the router answered one request with: the first half of every statistic, joined with traces later. */
export interface RoutingDecision {
  /** `rt_` and 24 hex digits. */
  readonly routingId: string
  readonly workspaceId: string
  /** Digest of the caller's key; null for anonymous callers. */
  readonly keyHash: string | null
  readonly agentName: string | null
  /** As the caller named it. */
  readonly model: string | null
  readonly source: 'api' | 'sdk' | 'gateway'
  readonly strategy: 'full_menu' | 'smart_routing'
  /** Hex, null when there was no query. */
  readonly querySha256: string | null
  /** Only where content capture is on. */
  readonly queryText: string | null
  readonly eligibleCount: number
  readonly catalogueDigest: string
  readonly offered: readonly OfferedSkill[]
  /** Names what is offered where other decisions offer the same, which is then kept once; hex. */
  readonly offerDigest: string | null
  /** The best of those not offered, with the probability that they would have been. */
  readonly passedOver: readonly PassedOverSkill[]
  /** Names in the hint; each of them is offered too. */
  readonly hinted: readonly string[]
  /** True when nothing was offered in order to measure what skills change. */
  readonly holdout: boolean
  readonly degradedReason: string | null
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** The version is that of the moment of the offer; what is joined later does not borrow a newer one. */
export interface OfferedSkill {
  readonly skillId: string
  readonly versionId: string
  /** SHA-256 hex of the version's trimmed body. */
  readonly contentHash: string
  readonly name: string
  readonly rank: number
  readonly score: number
  readonly relevance: number
  readonly propensity: number
  readonly explored: boolean
}

interface PassedOverSkill {
  readonly skillId: string
  readonly name: string
  readonly propensity: number
}
