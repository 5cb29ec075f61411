import { and, desc, eq, gte, sql } from 'drizzle-orm'
import type { Usage } from '../../conversation/usage.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { spendLogs } from '../database/schema.ts'
import type { SpendEntry, SpendLedger, SpendRow } from './spend-row.ts'

type StoredSpend = typeof spendLogs.$inferSelect

/** The ledger over SQL. Rows travel as one JSON parameter: one statement for any number of rows. */
export function createSqlSpendLedger(database: Database): SpendLedger {
  const { sql: db } = database
  return {
    async insert(entries) {
      if (entries.length === 0) return
      const rows = toJson(entries.map(toStored))
      await guardQuery(
        db.execute(sql`
          INSERT INTO ${spendLogs}
          SELECT * FROM jsonb_populate_recordset(NULL::${spendLogs}, ${rows}::jsonb)
          ON CONFLICT DO NOTHING`),
      )
    },
    async listSpend({ requestId, keyHash, since, limit }) {
      const condition = and(
        requestId === undefined ? undefined : eq(spendLogs.requestId, requestId),
        keyHash === undefined ? undefined : eq(spendLogs.keyHash, keyHash),
        since === undefined ? undefined : gte(spendLogs.startedAt, new Date(since)),
      )
      const rows = await guardQuery(
        db
          .select()
          .from(spendLogs)
          .where(condition)
          .orderBy(desc(spendLogs.startedAt), desc(spendLogs.entryId))
          .limit(limit),
      )
      return rows.map(toRow)
    },
  }
}

/** Members are named after the columns. */
function toStored({ entryId, row }: SpendEntry): Record<string, unknown> {
  const { usage } = row
  return {
    entry_id: entryId,
    request_id: row.requestId,
    attempt: row.attempt,
    call_type: row.callType,
    dialect: row.dialect,
    started_at: toTime(row.startedAt),
    first_token_at: row.firstTokenAt === null ? null : toTime(row.firstTokenAt),
    ended_at: toTime(row.endedAt),
    key_hash: row.keyHash,
    user_id: row.userId,
    team_id: row.teamId,
    organization_id: row.organizationId,
    end_user: row.endUser,
    tags: row.tags,
    requested_model: row.requestedModel,
    model_group: row.modelGroup,
    deployment_id: row.deploymentId,
    provider: row.provider,
    upstream_model: row.upstreamModel,
    api_base: row.apiBase,
    status: row.status,
    error_code: row.errorCode,
    ...(usage === null ? {} : toStoredUsage(usage)),
    estimated: row.estimated,
    cost_nano_usd: row.costNanoUsd === null ? null : row.costNanoUsd.toString(),
    cache_hit: row.cacheHit,
    strategy: row.strategy,
    retries: row.retries,
    fallbacks: row.fallbacks,
    session_id: row.sessionId,
    client_ip_hash: row.clientIpHash,
  }
}

function toStoredUsage(usage: Usage): Record<string, number> {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cache_write_one_hour_tokens: usage.cacheWriteOneHourTokens,
    reasoning_tokens: usage.reasoningTokens,
    audio_input_tokens: usage.audioInputTokens,
    audio_output_tokens: usage.audioOutputTokens,
    search_calls: usage.searchCalls,
  }
}

function toRow(stored: StoredSpend): SpendRow {
  const { entryId: _, startedAt, firstTokenAt, endedAt, errorCode, ...rest } = stored
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, ...afterCache } = rest
  const {
    cacheWriteOneHourTokens,
    reasoningTokens,
    audioInputTokens,
    audioOutputTokens,
    searchCalls,
    ...plain
  } = afterCache
  const usage = {
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWriteOneHourTokens,
    reasoningTokens,
    audioInputTokens,
    audioOutputTokens,
    searchCalls,
  }
  return {
    ...plain,
    startedAt: startedAt.getTime(),
    firstTokenAt: firstTokenAt === null ? null : firstTokenAt.getTime(),
    endedAt: endedAt.getTime(),
    // Both columns are only written from a SpendRow: the code comes from the catalogue, the counts are all set or none.
    errorCode: errorCode as SpendRow['errorCode'],
    usage: inputTokens === null ? null : (usage as Usage),
  }
}

const toTime = (time: number): string => new Date(time).toISOString()

/** PostgreSQL's jsonb refuses NUL and lone surrogates, which callers can put into names and tags. */
function toJson(rows: readonly Record<string, unknown>[]): string {
  const text = JSON.stringify(rows)
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text
  return JSON.stringify(rows, (_key, value) =>
    typeof value === 'string' ? value.replace(/\0|\p{Surrogate}/gu, '\uFFFD') : value,
  )
}
