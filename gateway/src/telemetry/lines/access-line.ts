import type { RequestRecord } from '../request-record.ts'
import { toSingleLine } from '../single-line.ts'
import type { LabelQuoter } from './label-quoter.ts'
import { formatTimestamp } from './timestamp.ts'

const picoPerDollar = 1e12
const maximumNameLength = 256

/**
 * One JSON line per finished request, keys in ASCII order, absent values left out. `duration_ms` is the whole
 * request, `ttft_ms` the time to the first byte sent, `upstream_ms` the part spent waiting for providers.
 */
export function formatAccessLine(record: RequestRecord, quoter: LabelQuoter): string {
  const { caller, target, usage } = record
  let line = `{"attempts":${record.attempts},"cache_hit":${record.cacheHit}`
  if (record.clientDisconnected) line += ',"client_disconnected":true'
  if (usage !== null) line += `,"completion_tokens":${usage.outputTokens}`
  if (record.costPico !== null) line += `,"cost_usd":${Number(record.costPico) / picoPerDollar}`
  if (target !== null) line += `,"deployment_id":${quoter.quoteTargetId(target)}`
  line += `,"duration_ms":${Math.round(record.endedAt - record.startedAt)}`
  if (record.errorCode !== null) line += `,"error_code":"${record.errorCode}"`
  if (record.errorOrigin !== null) line += `,"error_origin":"${record.errorOrigin}"`
  line += `,"event":"access","fallbacks":${record.fallbacks}`
  if (caller.keyAlias !== null) line += `,"key_alias":${quoter.quote(caller.keyAlias)}`
  line += `,"level":"info","logger":"routeiq.access","method":"${record.method}"`
  if (record.requestedModel !== null)
    line += `,"model":${quoter.quoteRequested(record.requestedModel, record)}`
  if (record.group !== null) line += `,"model_group":${quoter.quoteNameOf(record, record.group)}`
  if (usage !== null) line += `,"prompt_tokens":${usage.inputTokens}`
  if (target !== null) line += `,"provider":${quoter.quoteNameOf(record, target.provider)}`
  line += `,"request_id":${quoter.quoteId(record)},"status":${record.status},"stream":${record.stream}`
  if (caller.teamId !== null) line += `,"team_id":${quoter.quote(caller.teamId)}`
  line += `,"template":${quoter.quote(record.template)},"timestamp":"${formatTimestamp(record.endedAt)}"`
  if (record.traceId !== null) line += `,"trace_id":${quoter.quoteOnce(record.traceId)}`
  if (record.firstByteAt !== null) line += `,"ttft_ms":${Math.round(record.firstByteAt - record.startedAt)}`
  if (record.upstreamMs !== null) line += `,"upstream_ms":${Math.round(record.upstreamMs)}`
  return `${line}}`
}

/** The same for people: `12:00:00.000 INFO  POST /v1/chat/completions 200 812ms model=… key=… request=…`. */
export function formatAccessText(record: RequestRecord): string {
  const time = formatTimestamp(record.endedAt).slice(11, -1)
  const duration = Math.round(record.endedAt - record.startedAt)
  let line = `${time} INFO  ${record.method} ${record.template} ${record.status} ${duration}ms`
  if (record.requestedModel !== null) line += ` model=${record.requestedModel.slice(0, maximumNameLength)}`
  if (record.target !== null) line += ` provider=${record.target.provider}`
  if (record.caller.keyAlias !== null) line += ` key=${record.caller.keyAlias}`
  if (record.errorCode !== null) line += ` error=${record.errorCode}`
  return toSingleLine(`${line} request=${record.requestId}`)
}
