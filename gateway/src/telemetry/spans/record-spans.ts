import type { FailedAttempt, RequestRecord } from '../request-record.ts'
import type { TracedCall, TracedDecision } from './request-trace.ts'
import type { Attributes, Span } from './span.ts'

const picoPerUsd = 1e12

/** What a finished request did inside: how its model was chosen, and each call of a provider. */
export function addRecordSpans(record: RequestRecord): void {
  const { trace } = record
  const first = trace?.calls[0]
  if (trace === null || first === undefined) return
  if (record.routingMs !== null)
    trace.addSpan(
      {
        name: 'routing.decision',
        kind: 'internal',
        startedAt: Math.max(record.startedAt, first.startedAt - record.routingMs),
        endedAt: first.startedAt,
        attributes: describeDecision(record),
        events: listEvents(trace.decision, first.startedAt),
        error: null,
      },
      trace.decisionSpanId,
    )
  for (const [at, call] of trace.calls.entries()) addCallSpan(record, call, at)
}

function listEvents(decision: TracedDecision | null, at: number): Span['events'] & object {
  if (decision === null) return []
  const { name, payload } = decision
  return [{ name, at, attributes: { 'routeiq.router_decision.payload': JSON.stringify(payload) } }]
}

function addCallSpan(record: RequestRecord, call: TracedCall, at: number): void {
  const { trace } = record
  const next = trace?.calls[at + 1]
  const failed = record.failedAttempts[at]
  const target = failed?.target ?? record.target
  const first = trace?.calls[0]?.startedAt ?? call.startedAt
  const lastEnd = record.upstreamMs === null ? record.endedAt : first + record.upstreamMs
  trace?.addSpan(
    {
      name: `${record.operation ?? 'chat'} ${target?.upstreamModel ?? record.requestedModel ?? ''}`,
      kind: 'client',
      startedAt: call.startedAt,
      endedAt: Math.max(call.startedAt, next?.startedAt ?? lastEnd),
      attributes: failed === undefined ? describeAnswer(record) : describeFailure(record, failed),
      error: failed?.kind ?? (next === undefined ? record.errorCode : null),
    },
    call.spanId,
  )
}

function describeCall({ operation }: RequestRecord, target: RequestRecord['target']): Attributes {
  return {
    'gen_ai.operation.name': operation ?? 'chat',
    'gen_ai.system': target?.provider ?? null,
    'gen_ai.provider.name': target?.provider ?? null,
    'gen_ai.request.model': target?.upstreamModel ?? null,
  }
}

function describeFailure(record: RequestRecord, failed: FailedAttempt): Attributes {
  return {
    ...describeCall(record, failed.target),
    'error.type': failed.kind,
    'http.response.status_code': failed.status === 0 ? null : failed.status,
  }
}

function describeAnswer(record: RequestRecord): Attributes {
  const { usage, costPico, target } = record
  const cost = costPico === null ? null : Number(costPico) / picoPerUsd
  return {
    ...describeCall(record, target),
    'gen_ai.response.model': record.responseModel,
    'gen_ai.usage.input_tokens': usage?.inputTokens ?? null,
    'gen_ai.usage.output_tokens': usage?.outputTokens ?? null,
    'gen_ai.usage.total_tokens': usage === null ? null : usage.inputTokens + usage.outputTokens,
    'gen_ai.routeiq.strategy': record.strategy,
    'gen_ai.routeiq.context_tokens_saved': record.contextTokensSaved > 0 ? record.contextTokensSaved : null,
    'gen_ai.routeiq.fallback_used': record.fallbacks > 0,
    'llm.cost.total_cost_usd': cost,
    'llm.cost.input_tokens': usage?.inputTokens ?? null,
    'llm.cost.output_tokens': usage?.outputTokens ?? null,
    'llm.cost.model': target?.upstreamModel ?? null,
    'error.type': record.errorCode,
  }
}

function describeDecision(record: RequestRecord): Attributes {
  const { strategy, target, choice, fallbacks, routingMs, errorCode } = record
  const outcome = fallbacks > 0 ? 'fallback' : 'success'
  return {
    'llm.routing.strategy': strategy,
    'router.strategy': strategy,
    'router.model_selected': target?.upstreamModel ?? null,
    'router.decision_outcome': errorCode === null ? outcome : 'failure',
    'router.decision_reason': choice?.reason ?? null,
    'router.latency_ms': routingMs,
    'router.fallback_triggered': fallbacks > 0,
    'router.error_type': errorCode,
    'routing.strategy_name': strategy,
    'routing.decision_id': choice?.decisionId ?? null,
    'gen_ai.prompt': record.query,
  }
}
