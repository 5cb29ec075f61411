import { getTableName } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { spendHours, spendLogs } from '../database/schema.ts'
import { lineLengths } from './spend-line.ts'

/** Where the members of a line go, in the order of `SpendLineWriter`, after the version and the request id. */
const memberColumns: readonly (PgColumn | readonly PgColumn[])[] = [
  spendLogs.attempt,
  spendLogs.callType,
  spendLogs.dialect,
  spendLogs.startedAt,
  spendLogs.firstTokenAt,
  spendLogs.endedAt,
  spendLogs.keyHash,
  spendLogs.userId,
  spendLogs.teamId,
  spendLogs.organizationId,
  spendLogs.endUser,
  spendLogs.tags,
  spendLogs.requestedModel,
  spendLogs.modelGroup,
  spendLogs.deploymentId,
  spendLogs.provider,
  spendLogs.upstreamModel,
  spendLogs.apiBase,
  spendLogs.status,
  spendLogs.errorCode,
  [
    spendLogs.inputTokens,
    spendLogs.outputTokens,
    spendLogs.cacheReadTokens,
    spendLogs.cacheWriteTokens,
    spendLogs.cacheWriteOneHourTokens,
    spendLogs.reasoningTokens,
    spendLogs.audioInputTokens,
    spendLogs.audioOutputTokens,
    spendLogs.searchCalls,
  ],
  spendLogs.estimated,
  spendLogs.costNanoUsd,
  spendLogs.cacheHit,
  spendLogs.strategy,
  spendLogs.retries,
  spendLogs.fallbacks,
  spendLogs.sessionId,
  spendLogs.clientIpHash,
  spendLogs.grossNanoUsd,
  spendLogs.discountNanoUsd,
  spendLogs.marginNanoUsd,
  spendLogs.serviceTier,
  spendLogs.workspaceId,
]

// A line of another version or length has no request id, and the column refuses it.
const isKnown = [...lineLengths].map(
  ([version, length]) => `line->0 = '${version}' AND jsonb_array_length(line) = ${length}`,
)
const requestId = `CASE WHEN ${isKnown.join(' OR ')} THEN line->>1 END`

const values: readonly (readonly [name: string, expression: string])[] = [
  [spendLogs.entryId.name, "$1::text || ':' || ($2::bigint + position - 1)"],
  [spendLogs.requestId.name, requestId],
  ...memberColumns.flatMap((column, index) => readMember(column, index + 2)),
]

/**
 * Whom a row is counted for, as `spend_hours` names them: `personal` is what a user spends outside of teams, `member`
 * what they spend in one.
 */
const spenders = `
  VALUES ('proxy', ''), ('key', key_hash), ('user', user_id), ('team', team_id),
    ('personal', CASE WHEN team_id IS NULL THEN user_id END),
    ('member', team_id || ':' || user_id), ('organization', organization_id), ('workspace', workspace_id), ('customer', end_user),
    ('model', coalesce(model_group, requested_model)), ('key_model', key_hash || ':' || model_group),
    ('provider', provider), ('deployment', deployment_id)
  UNION ALL SELECT DISTINCT 'tag', tag FROM jsonb_array_elements_text(tags) AS tag`

/**
 * Inserts journal lines as they are. Parameters: the segment's id, the number of the first line, and the lines
 * as UTF-8 text separated by line feeds. The database cuts and reads them, since the event loop has better
 * things to do. Lines are read once, therefore materialised. What was really inserted is added to the hourly sums by
 * the same statement, always in the same order, so that gateways which do it at once do not wait for each other in a
 * circle.
 */
export const insertLinesStatement = `
WITH lines AS MATERIALIZED (
  SELECT position, text::jsonb AS line
  FROM unnest(string_to_array($3::text, E'\\n')) WITH ORDINALITY AS raw (text, position)
), inserted AS (
  INSERT INTO ${getTableName(spendLogs)} (${values.map(([name]) => name).join(', ')})
  SELECT ${values.map(([, expression]) => expression).join(', ')}
  FROM lines
  ON CONFLICT DO NOTHING
  RETURNING *
)
INSERT INTO ${getTableName(spendHours)} AS hours
  (kind, id, hour, spend_nano_usd, requests, failed, input_tokens, output_tokens)
SELECT part.kind, part.id, date_trunc('hour', started_at, 'UTC'),
  sum(coalesce(cost_nano_usd, 0)), count(*), count(*) FILTER (WHERE status >= 400 OR status = 0),
  sum(coalesce(input_tokens, 0)), sum(coalesce(output_tokens, 0))
FROM inserted, LATERAL (${spenders}
) AS part (kind, id)
WHERE part.id IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (kind, id, hour) DO UPDATE SET
  spend_nano_usd = hours.spend_nano_usd + excluded.spend_nano_usd,
  requests = hours.requests + excluded.requests,
  failed = hours.failed + excluded.failed,
  input_tokens = hours.input_tokens + excluded.input_tokens,
  output_tokens = hours.output_tokens + excluded.output_tokens`

function readMember(target: PgColumn | readonly PgColumn[], index: number): [string, string][] {
  if (isColumn(target)) return [[target.name, readColumn(target, 'line', index)]]
  return target.map((column, inner) => [column.name, readColumn(column, `line->${index}`, inner)])
}

function readColumn(column: PgColumn, source: string, index: number): string {
  const type = column.getSQLType()
  const text = `${source}->>${index}`
  if (type === 'text') return text
  if (type === 'jsonb') return `${source}->${index}`
  if (type.startsWith('timestamp')) return `to_timestamp(floor((${text})::double precision) / 1000)`
  return `(${text})::${type}`
}

function isColumn(target: PgColumn | readonly PgColumn[]): target is PgColumn {
  return !Array.isArray(target)
}
