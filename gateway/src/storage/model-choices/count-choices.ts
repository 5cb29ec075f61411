import type { ChoiceCounts } from '../../model-routing/choice-store.ts'
import type { Database } from '../database/database.ts'

const mostKeys = 100

/** One row for each strategy, profile and model, and one for all choices, told apart by which of the columns is there. */
const countStatement = `
  SELECT strategy, profile, arm, count(*)::int AS count, count(*) FILTER (WHERE bundle_id = '')::int AS untrained,
    avg((details->'timings'->>'total_us')::float8) / 1000 AS mean_ms
  FROM model_choices GROUP BY GROUPING SETS ((strategy), (profile), (arm), ())`

const keyStatement = `
  SELECT key_hash, count(*)::int AS count, (count(*) OVER ())::int AS keys FROM model_choices
  WHERE key_hash IS NOT NULL GROUP BY key_hash ORDER BY count DESC, key_hash LIMIT ${mostKeys}`

interface CountRow {
  readonly strategy: string | null
  readonly profile: string | null
  readonly arm: string | null
  readonly count: number
  readonly untrained: number
  readonly mean_ms: number | null
}

interface KeyRow {
  readonly key_hash: string
  readonly count: number
  readonly keys: number
}

export async function countChoices({ pool }: Database): Promise<ChoiceCounts> {
  const { rows } = await pool.query<CountRow>(countStatement)
  const { rows: keys } = await pool.query<KeyRow>(keyStatement)
  const countBy = (column: 'strategy' | 'profile' | 'arm'): Record<string, number> =>
    Object.fromEntries(rows.flatMap((row) => (row[column] === null ? [] : [[row[column], row.count]])))
  const all = rows.find(({ strategy, profile, arm }) => (strategy ?? profile ?? arm) === null)
  return {
    total: all?.count ?? 0,
    untrained: all?.untrained ?? 0,
    meanDecisionMs: all?.mean_ms ?? null,
    byStrategy: countBy('strategy'),
    byProfile: countBy('profile'),
    byModel: countBy('arm'),
    byKey: keys.map(({ key_hash, count }) => ({ keyHash: key_hash, count })),
    keys: keys[0]?.keys ?? 0,
  }
}
