import type { Outcome } from '../outcomes/outcome.ts'
import type { JudgedTrace, Trace, TraceSkill, Verdict } from '../traces/trace.ts'
import { formatBreakdown } from './format-breakdown.ts'

/** A row of the list. */
export function formatListedTrace(trace: JudgedTrace): object {
  return {
    ...formatFrame(trace),
    user_input_preview: trace.preview.input,
    final_output_preview: trace.preview.output,
  }
}

/** All that is kept of a trace. */
export function formatTrace(
  trace: Trace & { readonly verdict: Verdict | null },
  outcomes: readonly Outcome[],
): object {
  return {
    user_input_preview: null,
    final_output_preview: null,
    error_message: null,
    routing_id: trace.routingIds[0] ?? null,
    skills_offered_in_prompt: null,
    skills_delivered: null,
    skills_delivered_versions: null,
    skills_loaded_by_agent: null,
    active_skills: [],
    ...trace.document,
    ...formatFrame(trace),
    skills: trace.skills.map(formatSkill),
    eval_breakdown: formatBreakdown(trace, outcomes),
  }
}

function formatFrame(trace: Omit<Trace, 'document'> & { readonly verdict: Verdict | null }): object {
  return {
    id: trace.id,
    trace_id: trace.id,
    agent_name: trace.agentName,
    manifest_id: trace.manifestId,
    parent_trace_id: trace.parentTraceId,
    session_id: trace.sessionId,
    status: trace.status,
    source_type: trace.sourceType,
    started_at: formatTime(trace.startedAt),
    ended_at: formatTime(trace.endedAt),
    created_at: formatTime(trace.receivedAt),
    latency_ms: trace.latencyMs,
    cost_usd: trace.costUsd,
    model_name: trace.modelName === '' ? null : trace.modelName,
    routing_ids: trace.routingIds,
    activated: trace.skills.filter(({ isActivated }) => isActivated).map(({ name }) => name),
    eval_verdict: trace.verdict,
  }
}

function formatSkill(skill: TraceSkill): object {
  return {
    name: skill.name,
    content_hash: skill.hash === '' ? null : skill.hash,
    activated: skill.isActivated,
    delivered: skill.isDelivered,
    evidence: skill.evidence,
    model_name: skill.modelName === '' ? null : skill.modelName,
    model_family: skill.modelFamily === '' ? null : skill.modelFamily,
  }
}

/** ISO 8601 of epoch milliseconds. */
export function formatTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
