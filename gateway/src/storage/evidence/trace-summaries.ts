import type { AgentSummary, TraceStats } from '../../evidence/traces/trace-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { verdictExpression } from './verdict-expression.ts'

interface AgentRow {
  readonly agent_name: string
  readonly trace_count: number
  readonly last_trace_at: Date
  readonly unevaluated_count: number
  readonly is_subagent: boolean
}

/** What `/agents` shows of the agents that sent traces. */
export async function summariseAgents({ pool }: Database, workspaceId: string): Promise<AgentSummary[]> {
  const statement = `
    SELECT agent_name, count(*)::int AS trace_count, max(received_at) AS last_trace_at,
      (count(*) FILTER (WHERE verdict IS NULL))::int AS unevaluated_count,
      bool_and(parent_trace_id IS NOT NULL) AS is_subagent
    FROM (
      SELECT agent_name, received_at, parent_trace_id, ${verdictExpression('t')} AS verdict
      FROM traces t WHERE workspace_id = $1
    ) judged
    GROUP BY agent_name ORDER BY agent_name`
  const { rows } = await guardQuery(pool.query<AgentRow>(statement, [workspaceId]))
  return rows.map((row) => ({
    agentName: row.agent_name,
    traceCount: row.trace_count,
    lastTraceAt: row.last_trace_at.getTime(),
    unevaluatedCount: row.unevaluated_count,
    isSubagent: row.is_subagent,
  }))
}

interface StatsRow {
  readonly status: string
  readonly total: number
  readonly passed: number
  readonly failed: number
  readonly latency_sum: number | null
  readonly latency_count: number
  readonly cost: number | null
}

/** How all traces, or those of one agent, went. */
export async function summariseTraces(
  { pool }: Database,
  workspaceId: string,
  agentName: string | null,
): Promise<TraceStats> {
  const statement = `
    SELECT status, count(*)::int AS total, (count(*) FILTER (WHERE verdict = 'pass'))::int AS passed,
      (count(*) FILTER (WHERE verdict = 'fail'))::int AS failed,
      sum(latency_ms) AS latency_sum, count(latency_ms)::int AS latency_count, sum(cost_usd) AS cost
    FROM (
      SELECT status, latency_ms, cost_usd, ${verdictExpression('t')} AS verdict
      FROM traces t WHERE workspace_id = $1 AND ($2::text IS NULL OR agent_name = $2)
    ) judged
    GROUP BY status ORDER BY status`
  const score = `
    SELECT avg(o.score) AS average FROM outcomes o
    JOIN traces t ON t.workspace_id = o.workspace_id AND t.id::text = o.subject
    WHERE o.workspace_id = $1 AND o.kind = 'evaluator' AND ($2::text IS NULL OR t.agent_name = $2)`
  const [counted, scored] = await Promise.all([
    guardQuery(pool.query<StatsRow>(statement, [workspaceId, agentName])),
    guardQuery(pool.query<{ average: number | null }>(score, [workspaceId, agentName])),
  ])
  const sum = (value: (row: StatsRow) => number): number =>
    counted.rows.reduce((total, row) => total + value(row), 0)
  const timed = sum((row) => row.latency_count)
  return {
    total: sum((row) => row.total),
    byStatus: Object.fromEntries(counted.rows.map(({ status, total }) => [status, total])),
    passed: sum((row) => row.passed),
    failed: sum((row) => row.failed),
    averageScore: scored.rows[0]?.average ?? null,
    averageLatencyMs: timed === 0 ? null : sum((row) => row.latency_sum ?? 0) / timed,
    totalCostUsd: sum((row) => row.cost ?? 0),
  }
}
