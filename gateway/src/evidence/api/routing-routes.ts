import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import type { OfferedSkill, RoutingDecision } from '../decisions/routing-decision.ts'
import type { Outcome } from '../outcomes/outcome.ts'
import type { JudgedTrace, TraceSkill } from '../traces/trace.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { formatTime } from './format-trace.ts'
import { notFound } from './read-query.ts'
import { requireTrace } from './require-trace.ts'

const mostTraces = 500

/** `/api/v1/skills/routing/{routing_id}`: one decision and what came of it. */
export function routingRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  const path = '/skills/routing/{routing_id}'
  return [
    restRoute('GET', path, showRouting(deps)),
    restRoute('POST', `${path}/outcome`, reportOutcome(deps)),
  ]
}

function showRouting(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const decision = await requireDecision(deps, workspaceId, params['routing_id'] ?? '')
      const query = { limit: mostTraces, offset: 0, routingId: decision.routingId }
      const [page, outcomes] = await Promise.all([
        deps.store.listTraces(workspaceId, query),
        deps.store.listOutcomes(workspaceId, [decision.routingId]),
      ])
      return { body: formatRouting(decision, page.traces, outcomes) }
    },
  })
}

const outcomeSchema = z.object({
  verdict: z.enum(['pass', 'fail', 'review']),
  score: z.number().min(0).max(1).nullish(),
  reason: z.string().max(2_000).nullish(),
  source: z.string().max(100).nullish(),
  trace_id: z.string().nullish(),
})

/** Of one trace when it is named, else of every trace of the decision, those still to come included. */
function reportOutcome(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: outcomeSchema,
    answer: async ({ params, workspaceId, body }) => {
      const { routingId } = await requireDecision(deps, workspaceId, params['routing_id'] ?? '')
      const trace = body.trace_id == null ? null : await requireTrace(deps, workspaceId, body.trace_id)
      const outcome: Outcome = {
        subject: trace?.id ?? routingId,
        kind: 'explicit',
        name: '',
        verdict: body.verdict,
        score: body.score ?? null,
        reason: body.reason ?? null,
        detail: body.source == null ? {} : { source: body.source },
        updatedAt: deps.now(),
      }
      await deps.store.saveOutcomes(workspaceId, [outcome])
      return { body: { status: 'ok', routing_id: routingId, verdict: body.verdict } }
    },
  })
}

async function requireDecision(
  { decisions }: EvidenceDependencies,
  workspaceId: string,
  routingId: string,
): Promise<RoutingDecision> {
  const decision = await decisions.find(workspaceId, routingId)
  if (decision === null)
    throw notFound(`There is no routing decision ${JSON.stringify(routingId.slice(0, 64))}.`)
  return decision
}

function formatRouting(
  decision: RoutingDecision,
  traces: readonly JudgedTrace[],
  outcomes: readonly Outcome[],
): object {
  const used = unionSkills(traces)
  const names = (chosen: (skill: TraceSkill) => boolean): string[] =>
    [...used.values()].filter(chosen).map(({ name }) => name)
  const offered = decision.offered.map(({ name }) => name)
  const activated = names(({ isActivated }) => isActivated)
  return {
    routing_id: decision.routingId,
    strategy: decision.strategy,
    agent_name: decision.agentName,
    model: decision.model,
    source: decision.source,
    created_at: formatTime(decision.createdAt),
    query_sha256: decision.querySha256,
    ...(decision.queryText === null ? {} : { query: decision.queryText }),
    eligible_count: decision.eligibleCount,
    catalogue_digest: decision.catalogueDigest,
    offered,
    hinted: decision.hinted,
    delivered: names(({ isDelivered }) => isDelivered),
    activated,
    offered_not_activated: offered.filter((name) => !activated.includes(name)),
    activated_not_offered: activated.filter((name) => !offered.includes(name)),
    rows: decision.offered.map((row) =>
      formatRow(row, used.get(row.name), decision.hinted.includes(row.name)),
    ),
    passed_over: decision.passedOver.map(({ skillId, ...row }) => ({ skill_id: skillId, ...row })),
    traces: traces.map((trace) => ({
      trace_id: trace.id,
      status: trace.status,
      verdict: trace.verdict,
      model_name: trace.modelName || null,
      ended_at: formatTime(trace.endedAt),
    })),
    outcomes: outcomes.map(({ verdict, score, reason, detail }) => ({ verdict, score, reason, ...detail })),
    closed: traces.length > 0,
    holdout: decision.holdout,
    degraded_reason: decision.degradedReason,
    timings: decision.timings,
  }
}

function formatRow(offered: OfferedSkill, used: TraceSkill | undefined, isHinted: boolean): object {
  const { skillId, versionId, contentHash, ...row } = offered
  return {
    ...row,
    skill_id: skillId,
    version_id: versionId,
    content_hash: contentHash,
    hinted: isHinted,
    delivered: used?.isDelivered ?? false,
    activated: used?.isActivated ?? false,
    evidence: used?.evidence ?? null,
  }
}

/** What several traces of one decision say together; the evidence of an activation counts before a delivery's. */
function unionSkills(traces: readonly JudgedTrace[]): ReadonlyMap<string, TraceSkill> {
  const union = new Map<string, TraceSkill>()
  for (const skill of traces.flatMap(({ skills }) => skills)) {
    const known = union.get(skill.name)
    const isStronger = known === undefined || (skill.isActivated && !known.isActivated)
    union.set(skill.name, {
      ...skill,
      isActivated: skill.isActivated || known?.isActivated === true,
      isDelivered: skill.isDelivered || known?.isDelivered === true,
      evidence: isStronger ? skill.evidence : known.evidence,
    })
  }
  return union
}
