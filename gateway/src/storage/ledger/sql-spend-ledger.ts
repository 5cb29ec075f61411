import { and, desc, eq, gte } from 'drizzle-orm'
import type { Usage } from '../../conversation/usage.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { spendLogs } from '../database/schema.ts'
import { insertLinesStatement } from './insert-lines-statement.ts'
import type { SpendLedger, SpendRow } from './spend-row.ts'

type StoredSpend = typeof spendLogs.$inferSelect

/** The ledger over SQL. */
export function createSqlSpendLedger(database: Database): SpendLedger {
  const { sql: db } = database
  return {
    async insert({ segment, firstLine, text }) {
      await guardQuery(database.pool.query(insertLinesStatement, [segment, firstLine, text]))
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

function toRow(stored: StoredSpend): SpendRow {
  const { entryId: _, startedAt, firstTokenAt, endedAt, errorCode, ...rest } = stored
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, ...afterCache } = rest
  const {
    cacheWriteOneHourTokens,
    reasoningTokens,
    audioInputTokens,
    audioOutputTokens,
    searchCalls,
    serviceTier,
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
    ...(serviceTier === null ? {} : { serviceTier }),
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
