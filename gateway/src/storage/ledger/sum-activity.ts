import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import type { ActivityEntity, ActivityQuery, ActivitySum } from './spend-row.ts'

/** Where a row of the ledger names each of them. A row counts for every tag it has. */
const entityColumns: Readonly<Record<ActivityEntity, string>> = {
  user: 'user_id',
  team: 'team_id',
  organization: 'organization_id',
  customer: 'end_user',
  tag: 'tag',
}

interface SumRow {
  readonly day: string
  readonly dimension: ActivitySum['dimension']
  readonly id: string | null
  readonly spend: string
  readonly input: string
  readonly output: string
  readonly cache_read: string
  readonly cache_write: string
  readonly requests: string
  readonly failed: string
  readonly duration: string
  readonly key_alias: string | null
  readonly team_id: string | null
}

/**
 * What the calls of a period came to, by day and, within each, by model, group, provider, route, key and entity: all of it
 * in one pass over the ledger, which alone knows them together.
 */
export async function sumActivity({ pool }: Database, query: ActivityQuery): Promise<readonly ActivitySum[]> {
  const { entity, ids, keyHash, model, since, until, offsetMinutes } = query
  const column = entityColumns[entity]
  const tags =
    entity === 'tag'
      ? ' CROSS JOIN LATERAL (SELECT DISTINCT tag FROM jsonb_array_elements_text(tags) AS tag) AS tagged'
      : ''
  const text = `
    WITH calls AS (
      SELECT to_char(started_at AT TIME ZONE 'UTC' - make_interval(mins => $6), 'YYYY-MM-DD') AS day,
        coalesce(upstream_model, requested_model) AS model, coalesce(model_group, requested_model) AS model_group, provider,
        call_type AS endpoint, key_hash AS key, ${column} AS entity, coalesce(cost_nano_usd, 0) AS spend,
        coalesce(input_tokens, 0) AS input, coalesce(output_tokens, 0) AS output,
        coalesce(cache_read_tokens, 0) AS cache_read, coalesce(cache_write_tokens, 0) AS cache_write,
        (status >= 400 OR status = 0)::int AS failed, extract(epoch FROM ended_at - started_at) * 1000 AS duration
      FROM spend_logs${tags}
      WHERE started_at >= $1 AND started_at < $2
        AND ($3::text[] IS NULL OR ${column} = ANY($3))
        AND ($4::text IS NULL OR key_hash = $4)
        AND ($5::text IS NULL OR $5 IN (upstream_model, model_group, requested_model))
        ${entity === 'user' ? '' : `AND ${column} IS NOT NULL`}
    ), sums AS (
      SELECT day,
        CASE WHEN GROUPING(model) = 0 THEN 'model' WHEN GROUPING(model_group) = 0 THEN 'model_group'
          WHEN GROUPING(provider) = 0 THEN 'provider' WHEN GROUPING(endpoint) = 0 THEN 'endpoint'
          WHEN GROUPING(key) = 0 THEN 'key' WHEN GROUPING(entity) = 0 THEN 'entity' ELSE 'all' END AS dimension,
        coalesce(model, model_group, provider, endpoint, key, entity) AS id,
        sum(spend) AS spend, sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read,
        sum(cache_write) AS cache_write, count(*) AS requests, sum(failed) AS failed, sum(duration) AS duration
      FROM calls
      GROUP BY GROUPING SETS ((day), (day, model), (day, model_group), (day, provider), (day, endpoint), (day, key), (day, entity))
    )
    SELECT sums.*, key_alias, team_id
    FROM sums LEFT JOIN virtual_keys ON dimension = 'key' AND token_hash = id
    ORDER BY day DESC, spend DESC, id`
  const values = [
    new Date(since),
    new Date(until),
    ids ?? null,
    keyHash ?? null,
    model ?? null,
    offsetMinutes,
  ]
  const { rows } = await guardQuery(pool.query<SumRow>(text, values))
  return rows.map((row) => ({
    ...{ day: row.day, dimension: row.dimension, id: row.id },
    ...{ spendNanoUsd: Number(row.spend), inputTokens: Number(row.input), outputTokens: Number(row.output) },
    ...{ cacheReadTokens: Number(row.cache_read), cacheWriteTokens: Number(row.cache_write) },
    ...{
      requests: Number(row.requests),
      failed: Number(row.failed),
      durationMs: Math.round(Number(row.duration)),
    },
    key: row.dimension === 'key' ? { alias: row.key_alias, teamId: row.team_id } : null,
  }))
}
