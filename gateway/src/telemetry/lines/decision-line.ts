import type { RequestRecord } from '../request-record.ts'
import type { LabelQuoter } from './label-quoter.ts'
import { formatTimestamp } from './timestamp.ts'

/**
 * The line of a routing decision, by logger `routeiq.routing_decision` unless named otherwise: which model answered and why. Lengths and counts only, no text of
 * the prompt but the record's `query`. Call it for records with a target. `latency_ms` is the whole request, `logger` JSON.
 */
export function formatDecisionLine(record: RequestRecord, quoter: LabelQuoter, logger: string): string {
  const { usage } = record
  let line = `{"cache_hit":${record.cacheHit},"category":${quoteOrNull(record.choice?.domain ?? null, quoter)},"completion_tokens":${usage?.outputTokens ?? null}`
  line += ',"decision":"route"'
  if (record.choice !== null) line += `,"decision_id":${quoter.quoteOnce(record.choice.decisionId)}`
  if (record.dropped !== null) line += `,"dropped":${quoter.quote(record.dropped)}`
  line += `,"event":"routing_decision","gen_ai.response.model":${quoteOrNull(record.responseModel, quoter)}`
  line += `,"latency_ms":${Math.round(record.endedAt - record.startedAt)},"level":"info"`
  line += `,"logger":${logger},"model":${record.requestedModel === null ? 'null' : quoter.quoteRequested(record.requestedModel, record)}`
  line += `,"prompt_tokens":${usage?.inputTokens ?? null}`
  if (record.query !== null) line += `,"query":${quoter.quoteText(record.query)}`
  if (record.queryLength !== null) line += `,"query_length":${record.queryLength}`
  line += `,"reason_code":${quoter.quote(selectReason(record))},"reasoning_enabled":${record.reasoningEnabled}`
  line += `,"request_id":${quoter.quoteId(record)}`
  line += `,"selected_model":${record.target === null ? 'null' : quoter.quoteNameOf(record, record.target.upstreamModel)}`
  if (record.strategy !== null) line += `,"strategy":${quoter.quote(record.strategy)}`
  line += `,"timestamp":"${formatTimestamp(record.endedAt)}","trace_id":${record.traceId === null ? 'null' : quoter.quoteOnce(record.traceId)}}`
  return line
}

function selectReason(record: RequestRecord): string {
  if (record.fallbacks > 0) return 'fallback'
  if (record.attempts > 1) return 'retry'
  if (record.strategyFellBack) return 'strategy_fallback'
  if (record.choice !== null) return record.choice.reason
  return record.strategy === null ? 'pinned' : 'strategy'
}

function quoteOrNull(text: string | null, quoter: LabelQuoter): string {
  return text === null ? 'null' : quoter.quote(text)
}
