import { getTableName } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { spendLogs } from '../database/schema.ts'
import { lineLengths } from './spend-line.ts'

/** Where the members of a line go, in the order of `formatSpendLine`, after the version and the request id. */
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
 * Inserts journal lines as they are. Parameters: the segment's id, the number of the first line, and the lines
 * as UTF-8 text separated by line feeds. The database cuts and reads them, since the event loop has better
 * things to do. Lines are read once, therefore materialised.
 */
export const insertLinesStatement = `
WITH lines AS MATERIALIZED (
  SELECT position, text::jsonb AS line
  FROM unnest(string_to_array($3::text, E'\\n')) WITH ORDINALITY AS raw (text, position)
)
INSERT INTO ${getTableName(spendLogs)} (${values.map(([name]) => name).join(', ')})
SELECT ${values.map(([, expression]) => expression).join(', ')}
FROM lines
ON CONFLICT DO NOTHING`

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
