import type { SpendRow } from '../../storage/ledger/spend-row.ts'

const nanoPerUsd = 1e9

/** A row of the ledger as LiteLLM's clients read it. */
export function formatSpendLog(row: SpendRow): Record<string, unknown> {
  const prompt = row.usage?.inputTokens ?? 0
  const completion = row.usage?.outputTokens ?? 0
  return {
    request_id: row.requestId,
    call_type: row.callType,
    api_key: row.keyHash ?? '',
    spend: toUsd(row.costNanoUsd),
    total_tokens: prompt + completion,
    prompt_tokens: prompt,
    completion_tokens: completion,
    startTime: new Date(row.startedAt).toISOString(),
    endTime: new Date(row.endedAt).toISOString(),
    completionStartTime: new Date(row.firstTokenAt ?? row.endedAt).toISOString(),
    request_duration_ms: Math.round(row.endedAt - row.startedAt),
    model: row.upstreamModel ?? row.requestedModel,
    model_id: row.deploymentId ?? '',
    model_group: row.modelGroup ?? row.requestedModel,
    custom_llm_provider: row.provider ?? '',
    api_base: row.apiBase ?? '',
    user: row.userId ?? '',
    end_user: row.endUser ?? '',
    team_id: row.teamId,
    organization_id: row.organizationId,
    agent_id: null,
    metadata: {
      attempt: row.attempt,
      retries: row.retries,
      fallbacks: row.fallbacks,
      estimated: row.estimated,
    },
    cache_hit: row.cacheHit ? 'True' : 'False',
    cache_key: null,
    request_tags: row.tags,
    requester_ip_address: null,
    messages: {},
    response: {},
    proxy_server_request: {},
    session_id: row.sessionId,
    status: row.status >= 200 && row.status < 400 ? 'success' : 'failure',
    mcp_namespaced_tool_name: null,
  }
}

export function toUsd(nano: bigint | number | null): number {
  return nano === null ? 0 : Number(nano) / nanoPerUsd
}
