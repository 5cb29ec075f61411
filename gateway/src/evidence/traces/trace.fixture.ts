import type { NewTrace, TraceSkill } from './trace.ts'

export function traceSkill(name: string, members: Partial<TraceSkill> = {}): TraceSkill {
  return {
    name,
    hash: '',
    isAmbiguous: false,
    isActivated: true,
    isDelivered: true,
    evidence: 'loaded',
    modelName: 'gpt-4o-2024-08-06',
    modelFamily: 'gpt-4o',
    ...members,
  }
}

/** A trace that ended at noon of 1 June 2026. */
export function newTrace(members: Partial<NewTrace> = {}): NewTrace {
  const endedAt = Date.UTC(2026, 5, 1, 12)
  return {
    id: '00000000-0000-4000-8000-000000000001',
    day: '2026-06-01',
    agentName: 'helper',
    status: 'success',
    sourceType: 'production',
    sessionId: null,
    manifestId: null,
    parentTraceId: null,
    routingIds: [],
    skills: [],
    modelName: 'gpt-4o-2024-08-06',
    modelFamily: 'gpt-4o',
    latencyMs: 1_500,
    costUsd: 0.02,
    startedAt: endedAt - 1_500,
    endedAt,
    receivedAt: endedAt,
    document: { user_input_preview: 'merge two PDFs', final_output_preview: 'done' },
    scores: [],
    ...members,
  }
}

export function traceId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
}
