/** What rows may be told apart by. */
export type RollupDimension =
  | 'day'
  | 'skill_name'
  | 'skill_id'
  | 'content_hash'
  | 'agent_name'
  | 'model_name'
  | 'model_family'

/** What is counted; all of it adds up. */
export interface RollupCounts {
  readonly activations: number
  readonly delivered: number
  readonly passes: number
  readonly fails: number
  /** Of traces with exactly one activated skill. */
  readonly soloPasses: number
  readonly soloFails: number
  /** Activations in traces that ended in an error. */
  readonly errors: number
  readonly latencyMsSum: number
  readonly latencyCount: number
  readonly costUsdSum: number
  readonly costCount: number
  /** Decisions that offered the skill; the rest are shares of them. */
  readonly offers: number
  readonly hinted: number
  readonly offersDelivered: number
  readonly offersActivated: number
  /** With at least one trace. */
  readonly closed: number
  readonly closedHinted: number
  readonly hintedActivated: number
  /** Traces of decisions that offered the skill, on days on which decisions were held back. */
  readonly offeredPasses: number
  readonly offeredJudged: number
  /** Traces of decisions that would have offered it and were held back. */
  readonly heldOutPasses: number
  readonly heldOutJudged: number
}

/** The dimensions asked for, empty for the others, and the sums. */
export interface RollupRow extends RollupCounts {
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string
  readonly skillName: string
  /** Empty while nobody knows it. */
  readonly skillId: string
  /** Empty for an unknown version. */
  readonly contentHash: string
  readonly agentName: string
  readonly modelName: string
  readonly modelFamily: string
}

export interface RollupQuery {
  /** Days, both included. */
  readonly from: string
  readonly to: string
  readonly by: readonly RollupDimension[]
  readonly skillName?: string
  readonly agentName?: string
}

/** A decision that hinted a skill which no model then used. */
export interface MissedRequest {
  readonly routingId: string
  readonly querySha256: string | null
  readonly queryText: string | null
}

/** Sums over days that outlive the rows they were counted from. Rejects with `storage_unavailable`. */
export interface RollupStore {
  /** Counts what has arrived since the last time. Cheap when nothing has. */
  refreshRollup(workspaceId: string): Promise<void>
  readRollup(workspaceId: string, query: RollupQuery): Promise<readonly RollupRow[]>
  /** Some of the requests a skill was hinted for and not used in, the newest first. */
  listMissed(workspaceId: string, skillName: string, limit: number): Promise<readonly MissedRequest[]>
  /** Texts of requests that led to a passed activation, by skill id; at most so many a skill. */
  listFeedback(
    workspaceId: string,
    perSkill: number,
  ): Promise<readonly (readonly [skillId: string, text: string])[]>
  /**
   * Removes what is older than that many days, or than a workspace's own, and was counted; returns how many rows went.
   */
  purgeEvidence(retentionDays: number, ownDays?: ReadonlyMap<string, number>): Promise<number>
}
