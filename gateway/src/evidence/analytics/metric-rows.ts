import { judgeTrend, type Prior, trendOf } from '@routeiq/router'
import { formatJudged, formatLift, formatModels, formatTrend } from './format-effectiveness.ts'
import type { RollupRow } from './rollup-store.ts'
import { groupRows, judgedOf, notActivatedRate, share, tallyOf } from './tally.ts'

export interface MetricWindow {
  /** By skill, version and model, in the window. */
  readonly rows: readonly RollupRow[]
  /** By skill, in the window of the same length before it. */
  readonly before: readonly RollupRow[]
  readonly prior: Prior
  /** Numbers of versions by skill and hash, where they are known. */
  readonly versionNumbers: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** One row a skill that was offered, delivered or activated in the window, by name. */
export function formatMetricRows(window: MetricWindow): object[] {
  const before = groupRows(window.before, ({ skillName }) => skillName)
  const skills = [...groupRows(window.rows, ({ skillName }) => skillName)]
  return skills
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, rows]) => formatMetricRow(name, rows, before.get(name) ?? [], window))
}

function formatMetricRow(
  name: string,
  rows: readonly RollupRow[],
  before: readonly RollupRow[],
  { prior, versionNumbers }: MetricWindow,
): object {
  const tally = tallyOf(rows)
  const trend = judgeTrend(judgedOf(tallyOf(before)), judgedOf(tally))
  const skillId = skillIdOf(rows)
  return {
    name,
    skill_id: skillId,
    offered_count: tally.offers,
    hinted_count: tally.hinted,
    delivered_count: tally.delivered,
    ...formatJudged(prior, rows),
    solo_pass_rate: share(tally.soloPasses, tally.soloPasses + tally.soloFails),
    offered_not_activated_rate: notActivatedRate(tally),
    lift: formatLift(tally),
    error_rate: share(tally.errors, tally.activations),
    avg_latency_ms: share(tally.latencyMsSum, tally.latencyCount),
    avg_cost_usd: share(tally.costUsdSum, tally.costCount),
    trend: trendOf(trend),
    trend_detail: formatTrend(trend),
    by_model: formatModels(prior, rows),
    by_version: formatVersions(prior, rows, versionNumbers.get(skillId ?? '')),
  }
}

/** Null while nobody knows the skill; the last one where a name was given to another skill. */
export function skillIdOf(rows: readonly RollupRow[]): string | null {
  return rows.map(({ skillId }) => skillId).findLast((id) => id !== '') ?? null
}

function formatVersions(
  prior: Prior,
  rows: readonly RollupRow[],
  numbers: ReadonlyMap<string, number> | undefined,
): object[] {
  return [...groupRows(rows, ({ contentHash }) => contentHash)].map(([hash, members]) => ({
    content_hash: hash || null,
    version_number: numbers?.get(hash) ?? null,
    offered_count: tallyOf(members).offers,
    ...formatJudged(prior, members),
  }))
}
