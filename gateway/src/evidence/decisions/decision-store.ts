import type { RoutingDecision } from './routing-decision.ts'

/** Where decisions are kept. Rejects with `storage_unavailable` when the database does not answer. */
export interface DecisionStore {
  /** All or none; a routing id that is there already is left as it is. */
  saveDecisions(decisions: readonly RoutingDecision[]): Promise<void>
  /** Null when there is none in this workspace. */
  findDecision(workspaceId: string, routingId: string): Promise<RoutingDecision | null>
}
