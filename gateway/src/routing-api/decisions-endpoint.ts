import type { Endpoint } from '../http/dispatch.ts'
import { holdsPermission } from '../identity/permissions.ts'
import type { EvidenceRow } from '../model-routing/choice-store.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { readWindow } from './read-window.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const mostRows = 10_000

/** `GET /api/v1/evidence/routing-traces`: decisions with their outcomes, newest first, in the form `routeiq import` reads. */
export function decisionsEndpoint({ gateway, choices, choiceLog }: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: gateway.identity,
    body: null,
    alsoAdmits: (caller) => holdsPermission(caller, 'experiment.read'),
    answer: async ({ query }) => {
      await choiceLog.flush()
      const since = readWindow(query.get('window'), gateway.now())
      const limit = Math.min(mostRows, Number(query.get('limit') ?? 1_000) || 1_000)
      const rows = await choices.listChoices(query.get('workspace'), since, limit, {
        decisionId: query.get('decision_id'),
        taskId: query.get('task_id'),
        routingId: query.get('routing_id'),
      })
      return { body: { items: rows.map(describeDecisionRow), count: rows.length } }
    },
  })
}

/** A decision with its outcome. */
export function describeDecisionRow({ details, ...row }: EvidenceRow): object {
  const { features, ...rest } = details
  return {
    decision_id: row.decisionId,
    request_id: row.requestId,
    workspace_id: row.workspaceId,
    ...{ router: row.router, arm: row.arm, domain: row.domain, tier: row.tier, strategy: row.strategy },
    ...{ profile: row.profile, quality: row.quality, propensity: row.propensity, status: row.status },
    bundle_id: row.bundleId === '' ? null : row.bundleId,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cost_usd: row.costUsd,
    baseline_usd: row.baselineUsd,
    task_id: row.taskId,
    routing_id: row.routingId,
    experiment: row.experiment,
    latency_ms: row.latencyMs,
    score: row.score,
    created_at: new Date(row.createdAt).toISOString(),
    features,
    details: rest,
  }
}
