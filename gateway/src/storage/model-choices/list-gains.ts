import type { RouterGains } from '../../model-routing/choice-store.ts'
import type { Database } from '../database/database.ts'

/**
 * What was expected of both models of a pair. An ask that is strange by ν is decided with λ less by 1 − ν, so that its gain counts for
 * as much more.
 */
export async function listGains(
  { pool }: Database,
  since: number,
  limit: number,
): Promise<readonly RouterGains[]> {
  const text = `
    WITH told AS (
      SELECT router, bundle_id, created_at, coalesce((details->'novelty'->>'nu')::float8, 0) AS nu,
        (SELECT max((one->>'q')::float8) FILTER (WHERE one->>'model' = details->'pair'->>'large')
          - max((one->>'q')::float8) FILTER (WHERE one->>'model' = details->'pair'->>'small')
          FROM jsonb_array_elements(details->'candidates') one) AS gain
      FROM model_choices WHERE created_at >= $1 AND jsonb_typeof(details->'pair') = 'object'
    ), placed AS (
      SELECT *, row_number() OVER (PARTITION BY router, bundle_id ORDER BY created_at DESC) AS place
      FROM told WHERE gain IS NOT NULL
    )
    SELECT router, bundle_id AS "bundleId",
      json_agg(CASE WHEN nu < 1 THEN gain / (1 - nu) WHEN gain > 0 THEN 1 ELSE -1 END) AS gains
    FROM placed WHERE place <= $2 GROUP BY router, bundle_id`
  const { rows } = await pool.query<RouterGains>(text, [new Date(since), limit])
  return rows
}
