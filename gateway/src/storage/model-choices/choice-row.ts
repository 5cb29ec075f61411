import type { KeptChoice } from '../../model-routing/choice-store.ts'

export interface ChoiceRow {
  readonly decision_id: string
  readonly request_id: string
  readonly workspace_id: string
  readonly key_hash: string | null
  readonly user_id: string | null
  readonly team_id: string | null
  readonly router: string
  readonly arm: string
  readonly domain: string
  readonly tier: string
  readonly strategy: string
  readonly profile: string
  readonly bundle_id: string
  readonly quality: number
  readonly propensity: number
  readonly learns: boolean
  readonly status: number
  /** 64-bit numbers come as text. */
  readonly input_tokens: string | number | null
  readonly output_tokens: string | number | null
  readonly cost_usd: number | null
  readonly baseline_usd: number | null
  readonly task_id: string | null
  readonly routing_id: string | null
  readonly experiment_id: string | null
  readonly variant: string | null
  readonly unit: string | null
  readonly exposes: boolean
  readonly latency_ms: number | null
  readonly details: Readonly<Record<string, unknown>>
  readonly created_at: Date
}

export function toRow(choice: KeptChoice): object {
  const { createdAt, decisionId, requestId, workspaceId, keyHash, userId, teamId, bundleId, ...rest } = choice
  const {
    inputTokens,
    outputTokens,
    costUsd,
    baselineUsd,
    taskId,
    routingId,
    experiment,
    latencyMs,
    ...same
  } = rest
  return {
    ...same,
    decision_id: decisionId,
    request_id: requestId,
    workspace_id: workspaceId,
    key_hash: keyHash,
    user_id: userId,
    team_id: teamId,
    bundle_id: bundleId,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cost_usd: costUsd,
    baseline_usd: baselineUsd,
    task_id: taskId,
    routing_id: routingId,
    experiment_id: experiment?.id ?? null,
    variant: experiment?.variant ?? null,
    unit: experiment?.unit ?? null,
    exposes: experiment?.exposes ?? false,
    latency_ms: latencyMs,
    created_at: new Date(createdAt),
  }
}

export function fromRow(row: ChoiceRow): KeptChoice {
  const { router, arm, domain, tier, strategy, profile, quality, propensity, learns, status, details } = row
  return {
    ...{ router, arm, domain, tier, strategy, profile, quality, propensity, learns, status, details },
    decisionId: row.decision_id,
    requestId: row.request_id,
    workspaceId: row.workspace_id,
    keyHash: row.key_hash,
    userId: row.user_id,
    teamId: row.team_id,
    bundleId: row.bundle_id,
    inputTokens: row.input_tokens === null ? null : Number(row.input_tokens),
    outputTokens: row.output_tokens === null ? null : Number(row.output_tokens),
    costUsd: row.cost_usd,
    baselineUsd: row.baseline_usd,
    taskId: row.task_id,
    routingId: row.routing_id,
    experiment:
      row.experiment_id === null
        ? null
        : { id: row.experiment_id, variant: row.variant ?? '', unit: row.unit ?? '', exposes: row.exposes },
    latencyMs: row.latency_ms,
    createdAt: row.created_at.getTime(),
  }
}
