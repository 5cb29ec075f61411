import { computeSkillScore, judgeTrend, trendOf } from '@routeiq/router'
import type { RunAggregate } from '../../skills/benchmarks/aggregate-run.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

/** Evidence of fewer workspaces could tell about one of them. */
export const fewestWorkspaces = 3
/** Judged activations that the mean of all public skills stands for. */
const priorStrength = 10
const windowDays = 90
/** Of each side, before a difference between them is told. */
const fewestJudged = 20

interface EvidenceRow {
  readonly skill_id: string
  readonly aggregate: RunAggregate | null
  readonly rating_avg: number | null
  readonly rating_count: string
  readonly workspaces: string
  readonly passes: string
  readonly fails: string
  readonly recent_passes: string
  readonly recent_judged: string
  readonly earlier_passes: string
  readonly earlier_judged: string
  readonly offered_passes: string
  readonly offered_judged: string
  readonly held_out_passes: string
  readonly held_out_judged: string
  readonly activations_30d: string
  readonly by_model: readonly ModelRow[]
}

interface ModelRow {
  readonly model_family: string
  readonly activation_count: number
  readonly judged_count: number
  readonly passes: number
}

/**
 * Computes what public skills are compared by: their last verified benchmark, their ratings, and the evidence of the
 * workspaces that share it. A null id means all of them.
 */
export async function refreshStandings(
  database: Database,
  skillId: string | null,
  now: number,
): Promise<void> {
  const { pool } = database
  const values = [skillId, new Date(now)]
  const { rows } = await guardQuery(pool.query<EvidenceRow>(evidenceStatement, values))
  const { rows: totals } = await guardQuery(
    pool.query<{ passes: string; judged: string }>(meanStatement, [new Date(now)]),
  )
  const mean = (Number(totals[0]?.passes ?? 0) + 1) / (Number(totals[0]?.judged ?? 0) + 2)
  for (const row of rows) await guardQuery(pool.query(updateStatement, standingOf(row, mean)))
}

function standingOf(row: EvidenceRow, mean: number): unknown[] {
  const isKnown = Number(row.workspaces) >= fewestWorkspaces
  const judged = isKnown ? Number(row.passes) + Number(row.fails) : 0
  const effectiveness = (priorStrength * mean + Number(row.passes)) / (priorStrength + judged)
  const { aggregate, rating_avg: rating } = row
  const rates = aggregate?.pass_rate
  const score = computeSkillScore({
    benchmark:
      aggregate === null || rates?.with_skill == null || rates.without_skill == null
        ? null
        : {
            passWith: rates.with_skill,
            passWithout: rates.without_skill,
            cases: aggregate.cases_aggregated,
            errorDominated: aggregate.error_dominated,
          },
    live: judged === 0 ? null : { effectiveness, judged },
    judge: rating === null ? null : { meanRating: (rating - 1) / 4, ratings: Number(row.rating_count) },
  })
  const models = row.by_model.map(({ passes, ...model }) => ({
    ...model,
    pass_rate: model.judged_count === 0 ? null : passes / model.judged_count,
  }))
  return [
    row.skill_id,
    score.score === null ? null : score.score / 100,
    JSON.stringify({ legs: score.legs, provisional: score.provisional }),
    judged === 0 ? null : Number(row.passes) / judged,
    judged === 0 ? null : effectiveness,
    JSON.stringify(isKnown ? models : []),
    rates?.delta_pts ?? null,
    aggregate?.tokens?.delta_pct ?? null,
    aggregate?.turns?.delta_pct ?? null,
    isKnown ? Number(row.activations_30d) : 0,
    isKnown ? trendOfRow(row) : null,
    isKnown ? liftOfRow(row) : null,
  ]
}

/** What offering the skill changed where decisions were held back; null where none were, or too few were judged. */
function liftOfRow(row: EvidenceRow): number | null {
  const [offered, heldOut] = [Number(row.offered_judged), Number(row.held_out_judged)]
  if (Math.min(offered, heldOut) < fewestJudged) return null
  return Number(row.offered_passes) / offered - Number(row.held_out_passes) / heldOut
}

/** The last 30 days against the 30 before; null while too little was judged to tell. */
function trendOfRow(row: EvidenceRow): string | null {
  const earlier = { passes: Number(row.earlier_passes), judged: Number(row.earlier_judged) }
  const recent = { passes: Number(row.recent_passes), judged: Number(row.recent_judged) }
  const trend = judgeTrend(earlier, recent)
  return trend.status === 'insufficient_data' ? null : trendOf(trend)
}

/** The evidence of one skill in the workspaces that share theirs, its owner included. */
const shared = `
  FROM effectiveness_rollup AS e JOIN evidence_sharing AS w USING (workspace_id)
  WHERE e.skill_id = r.skill_id::text AND e.day > $2::timestamptz - interval '${windowDays} days'`

const recent = "e.day > $2::timestamptz - interval '30 days'"
const earlier =
  "e.day > $2::timestamptz - interval '60 days' AND e.day <= $2::timestamptz - interval '30 days'"

const evidenceStatement = `
  SELECT r.skill_id, r.rating_avg, r.rating_count,
    (SELECT b.report -> 'aggregate' FROM benchmark_runs AS b WHERE b.skill_id = r.skill_id AND b.is_verified
     ORDER BY b.created_at DESC LIMIT 1) AS aggregate,
    live.*,
    (SELECT coalesce(json_agg(m), '[]'::json) FROM (
       SELECT e.model_family, sum(e.activations)::int AS activation_count, sum(e.passes + e.fails)::int AS judged_count,
         sum(e.passes)::int AS passes ${shared} AND e.model_family <> '' GROUP BY e.model_family
       HAVING sum(e.activations) > 0 ORDER BY e.model_family) AS m) AS by_model
  FROM registry_entries AS r
  CROSS JOIN LATERAL (
    SELECT count(DISTINCT e.workspace_id) FILTER (WHERE e.activations > 0) AS workspaces,
      coalesce(sum(e.passes), 0) AS passes, coalesce(sum(e.fails), 0) AS fails,
      coalesce(sum(e.activations) FILTER (WHERE e.day > $2::timestamptz - interval '30 days'), 0) AS activations_30d,
      coalesce(sum(e.passes) FILTER (WHERE ${recent}), 0) AS recent_passes,
      coalesce(sum(e.passes + e.fails) FILTER (WHERE ${recent}), 0) AS recent_judged,
      coalesce(sum(e.passes) FILTER (WHERE ${earlier}), 0) AS earlier_passes,
      coalesce(sum(e.passes + e.fails) FILTER (WHERE ${earlier}), 0) AS earlier_judged,
      coalesce(sum(e.offered_passes), 0) AS offered_passes, coalesce(sum(e.offered_judged), 0) AS offered_judged,
      coalesce(sum(e.held_out_passes), 0) AS held_out_passes, coalesce(sum(e.held_out_judged), 0) AS held_out_judged
    ${shared}) AS live
  WHERE r.unpublished_at IS NULL AND ($1::uuid IS NULL OR r.skill_id = $1)`

const meanStatement = `
  SELECT sum(e.passes) AS passes, sum(e.passes + e.fails) AS judged
  FROM effectiveness_rollup AS e JOIN evidence_sharing AS w USING (workspace_id)
  JOIN registry_entries AS r ON r.skill_id::text = e.skill_id AND r.unpublished_at IS NULL
  WHERE e.day > $1::timestamptz - interval '${windowDays} days'`

const updateStatement = `
  UPDATE registry_entries SET skill_score = $2, score_components = $3, pass_rate = $4, effectiveness = $5,
    by_model = $6, improvement_pts = $7, tokens_delta_pct = $8, turns_delta_pct = $9, activations_30d = $10, trend = $11, lift = $12,
    install_count = (SELECT count(*) FROM skill_links AS l WHERE l.skill_id = $1 AND l.removed_at IS NULL)
      + (SELECT count(*) FROM skill_forks AS f WHERE f.upstream_skill_id = $1 AND f.copy_id IS NOT NULL)
  WHERE skill_id = $1`
