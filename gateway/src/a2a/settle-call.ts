import type { ErrorCode } from '@routeiq/contract'
import { hashClientAddress } from '../pipeline/client-address.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import { billColumns } from '../pricing/bill-columns.ts'
import { parsePico } from '../pricing/parse-pico.ts'
import { type RequestRecord, withoutPipeline } from '../telemetry/request-record.ts'
import type { A2aError, Reason } from './protocol/a2a-error.ts'
import type { AgentCall } from './relay/agent-call.ts'

const clientClosedRequest = 499

/** The nearest of the catalogue's codes, for logs and the ledger. */
const codes: Partial<Record<Reason, ErrorCode>> = {
  AGENT_NOT_FOUND: 'agent_not_found',
  RATE_LIMITED: 'rate_limit_exceeded',
  BUDGET_EXCEEDED: 'budget_exceeded',
  UPSTREAM_TIMEOUT: 'timeout',
  UPSTREAM_UNREACHABLE: 'upstream_connection_error',
  UPSTREAM_ERROR: 'upstream_error',
  INVALID_AGENT_RESPONSE: 'upstream_error',
  AGENT_UNAVAILABLE: 'upstream_unavailable',
  INTERNAL: 'internal_error',
}

export function isMessage({ operation }: AgentCall): boolean {
  return operation === 'send' || operation === 'stream'
}

/** The record of a finished call, and its ledger row where it was a message. */
export function settleCall(
  gateway: Pick<Gateway, 'recordRequest' | 'appendSpend' | 'now'>,
  call: AgentCall,
  error: A2aError | null,
): void {
  const { agent, caller, exchange, operation } = call
  exchange.whenClientGone(null)
  const record = describe(call, error, gateway.now())
  gateway.recordRequest(record)
  if (!isMessage(call)) return
  const { keyHash, userId, teamId, organizationId } = caller
  gateway.appendSpend({
    requestId: record.requestId,
    attempt: 1,
    callType: operation === 'send' ? 'asend_message' : 'asend_message_streaming',
    dialect: 'a2a',
    startedAt: record.startedAt,
    firstTokenAt: null,
    endedAt: record.endedAt,
    keyHash,
    userId,
    teamId,
    organizationId,
    workspaceId: caller.governance?.workspaceId ?? null,
    endUser: null,
    tags: record.tags,
    requestedModel: `a2a/${agent.name}`,
    modelGroup: null,
    deploymentId: agent.agentId,
    provider: 'a2a',
    upstreamModel: agent.name,
    apiBase: agent.url,
    status: record.status,
    errorCode: record.errorCode,
    usage: call.report.usage,
    estimated: false,
    ...billColumns(record.costPico, null),
    cacheHit: false,
    strategy: null,
    retries: 0,
    fallbacks: 0,
    sessionId: null,
    clientIpHash: hashClientAddress(record.clientIp),
  })
}

/** What a message to the agent costs: a price of its own, and that of the tokens it reports. Null when nobody said. */
export function priceOf(call: AgentCall, error: A2aError | null): bigint | null {
  if (!isMessage(call) || error !== null) return null
  const { agent, report } = call
  const { cost_per_query, input_cost_per_token, output_cost_per_token } = agent.params
  const [query, input, output] = [cost_per_query, input_cost_per_token, output_cost_per_token].map(parsePico)
  const { usage } = report
  const prices = [
    [query, 1],
    [input, usage?.inputTokens],
    [output, usage?.outputTokens],
  ] as const
  const known = prices.flatMap(([price, count]) =>
    price == null || count === undefined ? [] : [price * BigInt(count)],
  )
  return known.length === 0 ? null : known.reduce((sum, part) => sum + part, 0n)
}

function describe(call: AgentCall, error: A2aError | null, now: number): RequestRecord {
  const { agent, caller, exchange, operation } = call
  const { keyHash, keyAlias, userId, teamId, organizationId } = caller
  return {
    requestId: exchange.requestId,
    callId: exchange.header('x-litellm-call-id') ?? exchange.requestId,
    startedAt: exchange.receivedAt,
    endedAt: now,
    firstByteAt: null,
    upstreamMs: null,
    method: exchange.request.method,
    template: exchange.template,
    dialect: null,
    status: exchange.clientGone ? clientClosedRequest : (error?.rpcStatus(call.version) ?? 200),
    errorCode: error === null ? null : (codes[error.reason] ?? 'invalid_request'),
    errorType: error?.reason ?? null,
    errorOrigin:
      error === null ? null : /UPSTREAM|AGENT_RESPONSE/.test(error.reason) ? 'upstream' : 'gateway',
    stream: operation === 'stream' || operation === 'subscribe',
    clientDisconnected: exchange.clientGone,
    caller: {
      kind: caller.kind === 'master' ? 'admin' : caller.kind,
      keyHash,
      keyAlias,
      userId,
      teamId,
      organizationId,
    },
    tags: caller.tags,
    requestedModel: `a2a/${agent.name}`,
    target: {
      deploymentId: agent.agentId,
      provider: 'a2a',
      upstreamModel: agent.name,
      apiBase: agent.url ?? '',
    },
    usage: call.report.usage,
    costPico: priceOf(call, error),
    clientIp: exchange.request.remoteAddress ?? null,
    ...withoutPipeline,
  }
}
