import type { RequestRecord } from '../telemetry/request-record.ts'
import { type DescribedDecision, describeAssignment } from './describe-decision.ts'
import type { ModelChoice } from './model-choice.ts'

export const decisionEventName = 'routeiq.router_decision.v1'

/** What the event says beside the choice and the record of its request. */
export interface EventFacts {
  readonly choice: ModelChoice
  readonly decision: DescribedDecision
  /** The model that answered. */
  readonly arm: string
  readonly record: RequestRecord
  /** The calls of models it led to. */
  readonly attempts: readonly object[]
  /** What the caller says it is part of, and the decision about skills it was made with. */
  readonly taskId: string | null
  readonly routingId: string | null
  /** UUID. */
  readonly eventId: string
}

/**
 * One decision as a published event: who asked for what, what could have answered, what did and why. Numbers, names and
 * lengths; no text of prompt or answer, and no session.
 */
export function formatDecisionEvent(facts: EventFacts): object {
  const { choice, decision, arm, record, eventId } = facts
  const { usage, caller } = record
  const failure = record.failedAttempts.at(-1)
  const fellBack = arm !== choice.chosen || record.fallbacks > 0
  return {
    contract_version: 'v1',
    contract_name: decisionEventName,
    event_id: eventId,
    trace_id: record.traceId,
    // Null where the request is not traced.
    span_id: record.trace?.decisionSpanId ?? null,
    parent_span_id: record.trace?.spanId ?? null,
    timestamp_utc: new Date(record.endedAt).toISOString(),
    timestamp_unix_ms: Math.round(record.endedAt),
    input: {
      requested_model: record.requestedModel,
      query_length: choice.ask.chars,
      user_id: caller.userId,
      team_id: caller.teamId,
      api_type: record.dialect,
      request_metadata: { stream: record.stream, tags: record.tags.join(','), end_user: record.endUser },
    },
    strategy_name: choice.decision.strategy,
    strategy_version: choice.decision.version,
    candidate_deployments: [
      ...decision.candidates.map(({ model, score }) => ({
        ...{ model_name: model, provider: providerOf(choice, model), score, available: true },
      })),
      ...choice.filtered.map(({ model }) => ({
        ...{ model_name: model, provider: providerOf(choice, model), score: null, available: false },
      })),
    ],
    selected_deployment: record.target?.deploymentId ?? null,
    selection_reason: choice.reasons[0] ?? 'best_utility',
    experiment: describeAssignment(choice),
    timings: {
      total_ms: choice.timings.totalUs / 1_000,
      strategy_ms: choice.timings.scoreUs / 1_000,
      // Features take the place of an embedding.
      embedding_ms: choice.timings.featuresUs / 1_000,
      candidate_filter_ms: choice.timings.filterUs / 1_000,
    },
    outcome: {
      status: record.status < 400 ? 'success' : 'failure',
      error_type: record.errorType,
      error_message: record.errorCode,
      input_tokens: usage?.inputTokens ?? null,
      output_tokens: usage?.outputTokens ?? null,
      total_tokens: usage === null ? null : usage.inputTokens + usage.outputTokens,
      api_type: record.operation,
    },
    fallback: {
      fallback_triggered: fellBack || choice.fallbackReason !== null,
      original_model: fellBack ? choice.chosen : null,
      fallback_reason: fellBack ? (failure?.kind ?? null) : choice.fallbackReason,
      fallback_attempt: fellBack ? Math.max(0, record.attempts - 1) : 0,
    },
    custom_attributes: {},
    decision: {
      ...decision,
      request_id: record.requestId,
      task_id: facts.taskId,
      routing_id: facts.routingId,
      selected: {
        model: record.target?.upstreamModel ?? null,
        arm,
        deployment_id: record.target?.deploymentId ?? null,
      },
      attempts: facts.attempts,
    },
  }
}

function providerOf({ routed }: ModelChoice, model: string): string | null {
  const arm = routed.arms.find(({ name }) => name === model)
  return arm?.deployments[0]?.provider.id ?? null
}
