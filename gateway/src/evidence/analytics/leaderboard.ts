import { judgeTrend, lowerBound, type Prior, posteriorMean, trendOf } from '@routeiq/router'
import { formatLift, posteriorOf } from './format-effectiveness.ts'
import { skillIdOf } from './metric-rows.ts'
import type { RollupRow } from './rollup-store.ts'
import { groupRows, judgedOf, tallyOf } from './tally.ts'

const provenFrom = 10

interface Place {
  readonly name: string
  readonly isProvisional: boolean
  readonly lower: number
  readonly row: object
}

/**
 * Skills by the effectiveness they have at least: the 5 % quantile, so that luck with a few does not win. Those with
 * fewer than ten judged activations follow. Skills nobody judged have no place.
 */
export function formatLeaderboard(
  rows: readonly RollupRow[],
  before: readonly RollupRow[],
  prior: Prior,
  limit: number,
): object[] {
  const earlier = groupRows(before, ({ skillName }) => skillName)
  const places = [...groupRows(rows, ({ skillName }) => skillName)].flatMap(([name, members]) =>
    findPlace(name, members, earlier.get(name) ?? [], prior),
  )
  places.sort(
    (left, right) =>
      Number(left.isProvisional) - Number(right.isProvisional) ||
      right.lower - left.lower ||
      (left.name < right.name ? -1 : 1),
  )
  return places.slice(0, limit).map(({ row }, index) => ({ rank: index + 1, ...row }))
}

function findPlace(
  name: string,
  rows: readonly RollupRow[],
  before: readonly RollupRow[],
  prior: Prior,
): Place[] {
  const tally = tallyOf(rows)
  const judged = judgedOf(tally)
  if (judged.judged === 0) return []
  const posterior = posteriorOf(prior, rows)
  const lower = lowerBound(posterior)
  const isProvisional = judged.judged < provenFrom
  const row = {
    name,
    skill_id: skillIdOf(rows),
    effectiveness_score: posteriorMean(posterior),
    effectiveness_lower: lower,
    judged_count: judged.judged,
    activation_count: tally.activations,
    trend: trendOf(judgeTrend(judgedOf(tallyOf(before)), judged)),
    lift: formatLift(tally),
    provisional: isProvisional,
  }
  return [{ name, isProvisional, lower, row }]
}
