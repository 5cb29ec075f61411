import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import { type RestRequest, restEndpoint } from '../../rest/rest-endpoint.ts'
import { requireOwnSkill } from '../api/skill-context.ts'
import {
  openRoute,
  principalOf,
  type RegistryRoutesDependencies,
  requireEntry,
} from '../registry/registry-context.ts'
import type { Skill } from '../skill.ts'
import { aggregateRun } from './aggregate-run.ts'
import type { BenchmarkRun, BenchmarkStore } from './benchmark-store.ts'
import { countJudgeCalls } from './count-judge-calls.ts'
import { type EvalSuite, parseEvalSuite } from './eval-suite.ts'
import { type ResultDocument, resultDocumentSchema, selectImported } from './import-document.ts'
import type { ModelCalls } from './model-calls.ts'
import { countModelCalls, planCases, runBenchmark } from './run-benchmark.ts'

/** More would outlast every proxy's patience. */
const maxModelCalls = 400

export interface BenchmarkRoutesDependencies extends RegistryRoutesDependencies {
  readonly benchmarks: BenchmarkStore
  readonly quotas: Pick<Quotas, 'requireFeature' | 'take'>
  /** Calls of the gateway's own, charged to a caller. */
  readonly modelCalls: (caller: Caller) => ModelCalls
  /** The names the Skill Router selects for a request. */
  readonly selectSkills: (workspaceId: string, request: string) => Promise<readonly string[]>
}

type Deps = BenchmarkRoutesDependencies

/** Benchmarks of skills: run here, brought from elsewhere, shown to everybody. */
export function benchmarkRoutes(deps: Deps): Route<Endpoint>[] {
  const { identity, registry, benchmarks } = deps
  const route = { method: 'POST', auth: 'user', aliased: false } as const
  const root = '/api/v1/skills/{skill+}/benchmark'
  return [
    {
      ...route,
      template: `${root}/run`,
      handler: restEndpoint<undefined>({
        identity,
        body: null,
        answer: async (request) => ({ body: await run(deps, request) }),
      }),
    },
    {
      ...route,
      template: `${root}/import`,
      handler: restEndpoint({
        identity,
        body: resultDocumentSchema,
        answer: async (request) => ({ body: await importRun(deps, request) }),
      }),
    },
    openRoute(deps, '/api/v1/registry/skills/{skill+}/benchmark', async ({ params }) => {
      const entry = await requireEntry(registry, params['skill'])
      const latest = await benchmarks.findLatest(entry.skillId)
      if (latest === null) throw new GatewayError('not_found', `The skill ${entry.name} was never measured.`)
      const isLatest = latest.versionNumber === entry.versionNumber
      return { body: { latest_run: { ...formatRun(latest), is_latest_version: isLatest } } }
    }),
  ]
}

/** Errors: 422 without cases that can be run here, or too many; 429 when the month's cases are used up. */
async function run(
  deps: Deps,
  { workspaceId, params, query, caller }: RestRequest<undefined>,
): Promise<object> {
  const skill = await requireOwnSkill(deps.skills, workspaceId, params['skill'] ?? '')
  const suite = requireSuite(skill)
  const runs = readRuns(query.get('runs'))
  const { graded } = planCases(suite)
  if (countModelCalls(graded, runs) > maxModelCalls)
    throw invalid(
      'runs',
      `${graded.length} cases × ${runs} runs need more than ${maxModelCalls} model calls.`,
    )
  const model = query.get('model')
  if (model === null && graded.length > 0) throw invalid('model', 'Say with which model: `?model=…`.')
  const principal = principalOf(workspaceId, caller)
  await deps.quotas.take(principal, 'benchmark_cases_month', graded.length * runs)
  const version = await deps.skills.readVersion(workspaceId, skill.skillId, {
    versionId: skill.latest.versionId,
  })
  if (version === null) throw new GatewayError('not_found', `The skill ${skill.name} was not found.`)
  const calls = deps.modelCalls(caller)
  const { results, triggers, skipped } = await runBenchmark({
    suite,
    skill: { name: skill.name, body: version.body },
    model: model ?? '',
    judgeModel: query.get('judge_model') ?? model ?? '',
    runs,
    calls,
    judge: countJudgeCalls(calls, deps.quotas, principal),
    isTriggered: async (prompt) => (await deps.selectSkills(workspaceId, prompt)).includes(skill.name),
  })
  const report = { aggregate: aggregateRun(results), results, triggers, skipped }
  const made = await deps.benchmarks.add(workspaceId, {
    ...versionOf(skill),
    isVerified: true,
    ...{ model, runs, triggeredBy: query.get('triggered_by'), report, suite: skill.evalYaml },
  })
  await deps.registry.refreshStanding(skill.skillId)
  return formatRun(made)
}

/** `POST …/benchmark/import`: kept as unverified; it never ranks a skill. */
async function importRun(deps: Deps, request: RestRequest<ResultDocument>): Promise<object> {
  const { workspaceId, params, body } = request
  const skill = await requireOwnSkill(deps.skills, workspaceId, params['skill'] ?? '')
  const known = skill.evalYaml === null ? null : parseEvalSuite(skill.evalYaml).cases.map(({ name }) => name)
  const { records, skipped } = selectImported(body, known === null ? null : new Set(known))
  const aggregate = aggregateRun(records)
  const report = {
    aggregate,
    results: records,
    triggers: [],
    skipped: skipped.map((name) => ({ name, reason: 'the suite has no such case' })),
  }
  const made = await deps.benchmarks.add(workspaceId, {
    ...versionOf(skill),
    isVerified: false,
    ...{ model: body.model ?? null, runs: body.runs, triggeredBy: 'import', report, suite: skill.evalYaml },
  })
  return {
    run_id: made.id,
    overall_verdict: aggregate.verdict,
    verified: false,
    total_cases: body.cases.length,
    imported_cases: records.length,
    skipped_cases: skipped,
  }
}

const versionOf = ({ skillId, latest }: Skill) => ({
  skillId,
  versionId: latest.versionId,
  versionNumber: latest.versionNumber,
})

function formatRun({ id, skillId, isVerified, versionId, versionNumber, ...run }: BenchmarkRun) {
  const { aggregate, results, triggers, skipped } = run.report
  const passed = results.filter(({ outcome }) => outcome === 'pass_kept' || outcome === 'flip_to_pass')
  return {
    run_id: id,
    skill_id: skillId,
    version_id: versionId,
    version_number: versionNumber,
    verified: isVerified,
    model: run.model,
    runs: run.runs,
    triggered_by: run.triggeredBy,
    overall_verdict: aggregate.verdict,
    passed_cases: passed.length,
    total_cases: results.length,
    skipped_cases: skipped,
    aggregate_metrics: aggregate,
    trigger: {
      cases: triggers.length,
      passed: triggers.filter((trigger) => trigger.passed).length,
      results: triggers,
    },
    results: results.map((result) => ({ test_case_id: result.case_name, ...result })),
    created_at: new Date(run.createdAt).toISOString(),
  }
}

function requireSuite({ evalYaml, name }: Skill): EvalSuite {
  if (evalYaml !== null) return parseEvalSuite(evalYaml)
  throw invalid('eval.yaml', `The skill ${name} has no eval.yaml; sync one with it first.`)
}

function readRuns(text: string | null): number {
  const runs = Number(text ?? 1)
  if (Number.isInteger(runs) && runs >= 1 && runs <= 10) return runs
  throw invalid('runs', '`runs` must be a whole number from 1 to 10.')
}

function invalid(field: string, msg: string): GatewayError {
  return new GatewayError('validation_failed', msg, {
    extras: { issues: [{ type: 'value_error', loc: ['query', field], msg }] },
  })
}
