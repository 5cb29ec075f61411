import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { restRoute } from '../../rest/rest-route.ts'
import type { Outcome } from '../outcomes/outcome.ts'
import { readScores } from '../outcomes/read-scores.ts'
import { TraceError } from '../traces/trace-error.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { averageScore, formatBreakdown, formatScore } from './format-breakdown.ts'
import { invalidBody } from './invalid-body.ts'
import { readText } from './read-query.ts'
import { requireTrace } from './require-trace.ts'

/** What is judged of a trace after it has arrived. */
export function judgementRoutes(deps: EvidenceDependencies): Route<Endpoint>[] {
  return [
    restRoute('POST', '/traces/{id}/eval-scores', postScores(deps)),
    restRoute('GET', '/traces/{id}/eval-scores', showScores(deps)),
    restRoute('GET', '/traces/{id}/eval-breakdown', showBreakdown(deps)),
    restRoute('POST', '/traces/{id}/annotations', annotate(deps)),
    restRoute('POST', '/traces/{id}/decision', decide(deps)),
    restRoute('POST', '/traces/batch-decision', decideMany(deps)),
    restRoute('GET', '/traces/eval/stats', showStats(deps)),
  ]
}

const scoresSchema = z.object({
  source: z.string().max(100).nullish(),
  scores: z.array(z.record(z.string(), z.unknown())).min(1).max(200),
  metadata: z.record(z.string(), z.unknown()).nullish(),
})

function postScores(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: scoresSchema,
    answer: async ({ params, workspaceId, body }) => {
      const trace = await requireTrace(deps, workspaceId, params['id'])
      const thresholds = await deps.store.evaluatorThresholds(workspaceId, trace.agentName)
      const judgements = readOrRefuse(() => readScores(body.scores, body.source ?? 'custom', thresholds))
      const updatedAt = deps.now()
      await deps.store.saveOutcomes(
        workspaceId,
        judgements.map((judgement) => ({ ...judgement, subject: trace.id, updatedAt })),
      )
      return {
        body: { status: 'ok', trace_id: trace.id, stored: judgements.length, count: judgements.length },
      }
    },
  })
}

function readOrRefuse<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof TraceError)
      throw invalidBody('scores', error.message.replace('eval_scores', 'scores'))
    throw error
  }
}

function showScores(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const { id, verdict } = await requireTrace(deps, workspaceId, params['id'])
      const scores = (await deps.store.listOutcomes(workspaceId, [id])).filter(
        ({ kind }) => kind === 'evaluator',
      )
      return {
        body: {
          trace_id: id,
          quality_scores: scores.map(formatScore),
          compatibility_scores: [],
          quality_avg: averageScore(scores),
          eval_verdict: verdict,
        },
      }
    },
  })
}

function showBreakdown(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ params, workspaceId }) => {
      const trace = await requireTrace(deps, workspaceId, params['id'])
      const outcomes = await deps.store.listOutcomes(workspaceId, [trace.id, ...trace.routingIds])
      return { body: formatBreakdown(trace, outcomes) }
    },
  })
}

const annotationSchema = z
  .object({
    label: z.enum(['thumbs_up', 'thumbs_down', 'needs_correction']).nullish(),
    rating: z.number().int().min(1).max(5).nullish(),
    correctness: z.enum(['correct', 'partial', 'incorrect']).nullish(),
    error_categories: z.array(z.string().max(100)).max(50).nullish(),
    corrected_output: z.string().max(20_000).nullish(),
    tags: z.array(z.string().max(100)).max(50).nullish(),
    notes: z.string().max(20_000).nullish(),
    score: z.number().min(0).max(1).nullish(),
    flagged_for_review: z.boolean().nullish(),
    add_to_dataset: z.boolean().nullish(),
  })
  .refine(
    ({ flagged_for_review: _, add_to_dataset: __, ...said }) => Object.values(said).some((v) => v != null),
    {
      message:
        'say at least one of label, rating, correctness, error_categories, corrected_output, tags, notes, score',
    },
  )

/** Only `correctness` judges; half right is a matter for review. */
const correctness = { correct: 'pass', partial: 'review', incorrect: 'fail' } as const

function annotate(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: annotationSchema,
    answer: async ({ params, workspaceId, body }) => {
      const { id: subject } = await requireTrace(deps, workspaceId, params['id'])
      const id = deps.newId()
      const updatedAt = deps.now()
      const outcome: Outcome = {
        subject,
        kind: 'human',
        name: id,
        verdict: body.correctness == null ? null : correctness[body.correctness],
        score: body.score ?? null,
        reason: body.notes ?? null,
        detail: Object.fromEntries(Object.entries(body).filter(([, value]) => value != null)),
        updatedAt,
      }
      await deps.store.saveOutcomes(workspaceId, [outcome])
      return { body: { ...body, id, trace_id: subject, created_at: new Date(updatedAt).toISOString() } }
    },
  })
}

const verdictSchema = z.object({
  verdict: z.enum(['pass', 'fail', 'review']).nullish(),
  score: z.number().min(0).max(1).nullish(),
  reason: z.string().max(2_000).nullish(),
})

/** With a verdict in the body it is recorded; without one the verdict in force is told. */
function decide(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: verdictSchema,
    answer: async ({ params, workspaceId, body }) => {
      const before = await requireTrace(deps, workspaceId, params['id'])
      if (body.verdict == null) return { body: await describeDecision(deps, workspaceId, before.id) }
      const report: Outcome = {
        subject: before.id,
        kind: 'explicit',
        name: '',
        verdict: body.verdict,
        score: body.score ?? null,
        reason: body.reason ?? null,
        detail: {},
        updatedAt: deps.now(),
      }
      await deps.store.saveOutcomes(workspaceId, [report])
      return { body: await describeDecision(deps, workspaceId, before.id) }
    },
  })
}

async function describeDecision(
  deps: EvidenceDependencies,
  workspaceId: string,
  id: string,
): Promise<object> {
  const trace = await requireTrace(deps, workspaceId, id)
  const outcomes = await deps.store.listOutcomes(workspaceId, [trace.id, ...trace.routingIds])
  const scores = outcomes.filter(({ kind }) => kind === 'evaluator')
  return {
    trace_id: trace.id,
    verdict: trace.verdict ?? 'unjudged',
    quality_avg: averageScore(scores),
    scores: scores.map(formatScore),
  }
}

const manySchema = z.object({
  trace_ids: z.array(z.string()).max(500).nullish(),
  manifest_id: z.string().nullish(),
})

function decideMany(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: manySchema,
    answer: async ({ workspaceId, body }) => {
      if (body.trace_ids == null && body.manifest_id == null) {
        throw invalidBody('trace_ids', 'give trace_ids or manifest_id')
      }
      const ids = body.trace_ids ?? (await tracesOfManifest(deps, workspaceId, body.manifest_id ?? ''))
      const decisions = await Promise.all(ids.map((id) => describeDecision(deps, workspaceId, id)))
      const counts: Record<string, number> = {}
      for (const decision of decisions as { verdict: string }[]) {
        counts[decision.verdict] = (counts[decision.verdict] ?? 0) + 1
      }
      return { body: { decisions, total: decisions.length, verdict_counts: counts } }
    },
  })
}

async function tracesOfManifest(
  { store }: EvidenceDependencies,
  workspaceId: string,
  manifestId: string,
): Promise<readonly string[]> {
  const { traces } = await store.listTraces(workspaceId, { limit: 500, offset: 0, manifestId })
  return traces.map(({ id }) => id)
}

function showStats(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: null,
    answer: async ({ query, workspaceId }) => {
      const stats = await deps.store.traceStats(workspaceId, readText(query, 'agent_name'))
      const evaluated = stats.passed + stats.failed
      return {
        body: {
          total_traces: stats.total,
          total_evaluated: evaluated,
          pass_rate: evaluated === 0 ? null : stats.passed / evaluated,
          verdict_breakdown: { pass: stats.passed, fail: stats.failed, unjudged: stats.total - evaluated },
          avg_quality: stats.averageScore,
        },
      }
    },
  })
}
