import type { NewTrace, Trace, TraceSkill, Verdict } from '../../evidence/traces/trace.ts'

export interface TraceRow {
  readonly id: string
  readonly day: Date
  readonly agent_name: string
  readonly status: string
  readonly source_type: string
  readonly session_id: string | null
  readonly manifest_id: string | null
  readonly parent_trace_id: string | null
  readonly routing_ids: readonly string[]
  readonly skills: readonly SkillRow[]
  readonly model_name: string
  readonly model_family: string
  readonly latency_ms: number | null
  readonly cost_usd: number | null
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly received_at: Date
  readonly document: Readonly<Record<string, unknown>>
  readonly verdict: Verdict | null
}

interface SkillRow {
  readonly name: string
  readonly hash: string
  readonly is_ambiguous: boolean
  readonly is_activated: boolean
  readonly is_delivered: boolean
  readonly evidence: TraceSkill['evidence']
  readonly model_name: string
  readonly model_family: string
}

export function traceToRow(trace: NewTrace): object {
  return {
    id: trace.id,
    day: trace.day,
    agent_name: trace.agentName,
    status: trace.status,
    source_type: trace.sourceType,
    session_id: trace.sessionId,
    manifest_id: trace.manifestId,
    parent_trace_id: trace.parentTraceId,
    routing_ids: trace.routingIds,
    skills: trace.skills.map(skillToRow),
    model_name: trace.modelName,
    model_family: trace.modelFamily,
    latency_ms: trace.latencyMs,
    cost_usd: trace.costUsd,
    started_at: toDate(trace.startedAt),
    ended_at: toDate(trace.endedAt),
    received_at: new Date(trace.receivedAt),
    document: trace.document,
  }
}

export function traceFromRow(row: TraceRow): Trace & { verdict: Verdict | null } {
  return { ...summaryFromRow(row), document: row.document, verdict: row.verdict }
}

/** Everything but the document. */
export function summaryFromRow(row: Omit<TraceRow, 'document' | 'verdict'>): Omit<Trace, 'document'> {
  return {
    id: row.id,
    day: (row.ended_at ?? row.started_at ?? row.received_at).toISOString().slice(0, 10),
    agentName: row.agent_name,
    status: row.status,
    sourceType: row.source_type,
    sessionId: row.session_id,
    manifestId: row.manifest_id,
    parentTraceId: row.parent_trace_id,
    routingIds: row.routing_ids,
    skills: row.skills.map(skillFromRow),
    modelName: row.model_name,
    modelFamily: row.model_family,
    latencyMs: row.latency_ms,
    costUsd: row.cost_usd,
    startedAt: row.started_at?.getTime() ?? null,
    endedAt: row.ended_at?.getTime() ?? null,
    receivedAt: row.received_at.getTime(),
  }
}

function skillToRow(skill: TraceSkill): SkillRow {
  return {
    name: skill.name,
    hash: skill.hash,
    is_ambiguous: skill.isAmbiguous,
    is_activated: skill.isActivated,
    is_delivered: skill.isDelivered,
    evidence: skill.evidence,
    model_name: skill.modelName,
    model_family: skill.modelFamily,
  }
}

function skillFromRow(row: SkillRow): TraceSkill {
  return {
    name: row.name,
    hash: row.hash,
    isAmbiguous: row.is_ambiguous,
    isActivated: row.is_activated,
    isDelivered: row.is_delivered,
    evidence: row.evidence,
    modelName: row.model_name,
    modelFamily: row.model_family,
  }
}

function toDate(time: number | null): Date | null {
  return time === null ? null : new Date(time)
}
