import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import type { ModelCalls } from '../../skills/benchmarks/model-calls.ts'
import { askJudge } from '../evaluators/ask-judge.ts'
import type { Evaluator } from '../evaluators/evaluator.ts'
import { type CheckName, runCheck } from '../evaluators/run-check.ts'
import type { Outcome } from '../outcomes/outcome.ts'
import type { Trace } from '../traces/trace.ts'
import type { EvidenceDependencies } from './evidence-dependencies.ts'
import { notFound } from './read-query.ts'
import { requireTrace } from './require-trace.ts'

const bodySchema = z.object({
  mode: z.enum(['deterministic', 'llm_judge']).nullish(),
  /** The name of one evaluator; all enabled ones without it. */
  evaluator: z.string().max(100).nullish(),
  /** The model of judges that name none. */
  model: z.string().max(255).nullish(),
})

const noJudge =
  'no model was named, neither by the evaluator (`model`) nor by the request; nothing was judged'

interface Checked {
  readonly evaluator: Evaluator
  readonly score: number | null
  readonly verdict: 'pass' | 'fail' | null
  readonly reason: string
}

/**
 * `POST /api/v1/traces/{id}/evaluate`: runs the evaluators of the trace's agent and records what they say. Judges are
 * asked of the evaluator's model, else the request's, one after the other, charged to the caller. Without a model, or when it
 * does not answer in form, they say `unreviewed`: an evaluator that could not run never counts as passed or failed.
 */
export function evaluateTrace(deps: EvidenceDependencies): Endpoint {
  return restEndpoint({
    identity: deps.identity,
    body: bodySchema,
    answer: async ({ params, workspaceId, caller, body }) => {
      const trace = await requireTrace(deps, workspaceId, params['id'])
      const all = await deps.store.listEvaluators(workspaceId, trace.agentName)
      const wanted = all.filter((evaluator) => isWanted(evaluator, body.evaluator ?? null, body.mode ?? null))
      if (wanted.length === 0) throw notFound(describeMissing(body.evaluator ?? null))
      const judge = { calls: deps.judgeCalls(workspaceId, caller), model: body.model ?? null }
      const checked: Checked[] = []
      for (const evaluator of wanted) checked.push(await check(evaluator, trace, judge))
      await record(deps, workspaceId, trace, checked)
      const after = await requireTrace(deps, workspaceId, trace.id)
      return { body: describe(trace.id, after.verdict, checked) }
    },
  })
}

function isWanted(
  { name, enabled, origin, evalType }: Evaluator,
  named: string | null,
  mode: string | null,
): boolean {
  if (origin === 'sdk') return false
  if (named !== null) return name === named
  return enabled && (mode === null || evalType === mode)
}

function describeMissing(named: string | null): string {
  return named === null
    ? 'No evaluator is configured for this agent; add one with POST /api/v1/evaluators.'
    : `There is no evaluator ${JSON.stringify(named)} that can run here; see GET /api/v1/evaluators.`
}

interface Judge {
  readonly calls: ModelCalls
  /** For evaluators without a model of their own. */
  readonly model: string | null
}

async function check(evaluator: Evaluator, trace: Trace, judge: Judge): Promise<Checked> {
  const { score, reason } = await scoreTrace(evaluator, trace, judge)
  const verdict = score === null ? null : score >= evaluator.threshold ? 'pass' : 'fail'
  return { evaluator, score, verdict, reason }
}

async function scoreTrace({ evalType, settings }: Evaluator, trace: Trace, judge: Judge) {
  const { check: rule, value = null, prompt_template: prompt } = settings
  if (evalType === 'deterministic') return runCheck((rule ?? 'output_not_empty') as CheckName, value, trace)
  const model = settings.model ?? judge.model
  if (model === null) return { score: null, reason: noJudge }
  return askJudge(judge.calls, model, prompt ?? '', trace)
}

async function record(
  { store, now }: EvidenceDependencies,
  workspaceId: string,
  { id }: Trace,
  checked: readonly Checked[],
): Promise<void> {
  const outcomes = checked.flatMap(({ evaluator, score, verdict, reason }): Outcome[] => {
    if (score === null) return []
    const { name, category } = evaluator
    const detail = { source: 'evaluator', category }
    return [{ subject: id, kind: 'evaluator', name, verdict, score, reason, detail, updatedAt: now() }]
  })
  if (outcomes.length > 0) await store.saveOutcomes(workspaceId, outcomes)
}

function describe(traceId: string, verdict: string | null, checked: readonly Checked[]): object {
  const scores = checked.flatMap(({ score }) => (score === null ? [] : [score]))
  return {
    trace_id: traceId,
    verdict: verdict ?? (scores.length === 0 ? 'unreviewed' : 'unjudged'),
    score: scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length,
    reasoning: checked.map(({ evaluator, reason }) => `${evaluator.name}: ${reason}`).join('; '),
    checks: checked.map(({ evaluator, score, verdict: own, reason }) => ({
      check: evaluator.name,
      score,
      passed: own === null ? null : own === 'pass',
      status: score === null ? 'unreviewed' : 'reviewed',
      reasoning: reason,
    })),
  }
}
