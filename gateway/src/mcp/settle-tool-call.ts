import { randomUUID } from 'node:crypto'
import type { ErrorCode } from '@routeiq/contract'
import type { Gateway } from '../pipeline/gateway.ts'
import { billColumns } from '../pricing/bill-columns.ts'
import { withoutPipeline } from '../telemetry/request-record.ts'
import type { ToolCall } from './call/tool-call.ts'
import { aliasOf } from './server.ts'
import type { ViewItem } from './view/catalogue-view.ts'

/** The name under which calls of a tool are accounted for. */
export function accountName({ server, name }: ViewItem): string {
  return `mcp/${aliasOf(server)}/${name}`
}

/** The record of a call of a tool, and its ledger row. */
export function settleToolCall(
  gateway: Pick<Gateway, 'recordRequest' | 'appendSpend'>,
  call: ToolCall,
): void {
  const { tool, caller, startedAt, endedAt, outcome, costPico } = call
  const { requestId } = call.origin
  const { keyHash, keyAlias, userId, teamId, organizationId, tags } = caller
  const { serverId, url } = tool.server.settings
  const hasRun = outcome === 'success' || outcome === 'tool_error'
  const status = hasRun ? 200 : 502
  const errorCode: ErrorCode | null = hasRun ? null : 'tool_invocation_failed'
  const requestedModel = accountName(tool)
  const target = {
    ...{ deploymentId: serverId, provider: 'mcp', upstreamModel: tool.name },
    // Without path and query, which may hold a secret.
    apiBase: url === null ? '' : new URL(url).origin,
  }
  const kind = caller.kind === 'master' ? 'admin' : caller.kind
  gateway.recordRequest({
    requestId,
    ...{ callId: requestId, startedAt, endedAt, firstByteAt: null },
    ...{ upstreamMs: endedAt - startedAt, method: 'POST', template: 'tools/call', dialect: null },
    ...{ status, errorCode, errorType: hasRun ? null : outcome, errorOrigin: hasRun ? null : 'upstream' },
    ...{ stream: false, clientDisconnected: outcome === 'cancelled' },
    ...{ caller: { kind, keyHash, keyAlias, userId, teamId, organizationId }, tags },
    ...{ requestedModel, target, usage: null, costPico, clientIp: null },
    ...withoutPipeline,
  })
  gateway.appendSpend({
    // One request may call several tools.
    requestId: `mcp-${randomUUID()}`,
    ...{ attempt: 1, callType: 'call_mcp_tool', dialect: 'mcp', startedAt, firstTokenAt: null, endedAt },
    workspaceId: caller.governance?.workspaceId ?? null,
    ...{ keyHash, userId, teamId, organizationId, endUser: null, tags, requestedModel, modelGroup: null },
    ...{ ...target, status, errorCode, usage: null, estimated: false, ...billColumns(costPico, null) },
    ...{
      cacheHit: false,
      strategy: null,
      retries: 0,
      fallbacks: 0,
      sessionId: requestId,
      clientIpHash: null,
    },
  })
}
