import type { Outcome } from '../outcomes/outcome.ts'
import type { JudgedTrace, NewTrace, Trace } from './trace.ts'

export interface TraceQuery {
  readonly limit: number
  readonly offset: number
  readonly status?: string
  readonly agentName?: string
  readonly verdict?: 'pass' | 'fail' | 'unjudged'
  readonly manifestId?: string
  /** Part of the input or output preview, whatever the case. */
  readonly search?: string
  readonly routingId?: string
  /** Delivered to or activated in. */
  readonly skill?: string
}

export interface TracePage {
  readonly traces: readonly JudgedTrace[]
  readonly total: number
}

export interface AgentSummary {
  readonly agentName: string
  readonly traceCount: number
  readonly lastTraceAt: number
  readonly unevaluatedCount: number
  readonly isSubagent: boolean
}

export interface TraceStats {
  readonly total: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly passed: number
  readonly failed: number
  readonly averageScore: number | null
  readonly averageLatencyMs: number | null
  readonly totalCostUsd: number
}

/**
 * Traces and what was judged of them. Everything is found in its own workspace alone. Rejects with
 * `storage_unavailable` when the database does not answer.
 */
export interface TraceStore {
  /**
   * Keeps all of them in one statement, durably once it resolves. Returns the ids that were new; those missing from it
   * were there before and are left as they are.
   */
  saveTraces(workspaceId: string, traces: readonly NewTrace[]): Promise<readonly string[]>
  findTrace(workspaceId: string, id: string): Promise<(Trace & { verdict: JudgedTrace['verdict'] }) | null>
  /** The newest first. */
  listTraces(workspaceId: string, query: TraceQuery): Promise<TracePage>
  traceStats(workspaceId: string, agentName: string | null): Promise<TraceStats>
  /** Agents that sent traces, by name. */
  listAgents(workspaceId: string): Promise<readonly AgentSummary[]>
  /** Adds judgements, or replaces those of the same name. */
  saveOutcomes(workspaceId: string, outcomes: readonly Outcome[]): Promise<void>
  /** Of these traces and decisions, in the order they were made. */
  listOutcomes(workspaceId: string, subjects: readonly string[]): Promise<readonly Outcome[]>
  /** Which of these manifests exist. */
  knownManifests(workspaceId: string, ids: readonly string[]): Promise<readonly string[]>
}
