import { and, count, desc, eq, gte, inArray, lt, type SQL } from 'drizzle-orm'
import type { Usage } from '../../conversation/usage.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { spendLogs } from '../database/schema.ts'
import { insertLinesStatement } from './insert-lines-statement.ts'
import type { SpendLedger, SpendQuery, SpendRow } from './spend-row.ts'
import { sumActivity } from './sum-activity.ts'

type StoredSpend = typeof spendLogs.$inferSelect

/** The ledger over SQL. */
export function createSqlSpendLedger(database: Database): SpendLedger {
  const { sql: db } = database
  return {
    async insert({ segment, firstLine, text }) {
      await guardQuery(database.pool.query(insertLinesStatement, [segment, firstLine, text]))
    },
    async listSpend(query) {
      const rows = await guardQuery(
        db
          .select()
          .from(spendLogs)
          .where(matching(query))
          .orderBy(desc(spendLogs.startedAt), desc(spendLogs.entryId))
          .limit(query.limit)
          .offset(query.offset ?? 0),
      )
      return rows.map(toRow)
    },
    async countSpend(query) {
      const [counted] = await guardQuery(db.select({ total: count() }).from(spendLogs).where(matching(query)))
      return counted?.total ?? 0
    },
    sumActivity: (query) => sumActivity(database, query),
    async deleteSpend(before, limit) {
      const oldest = db
        .select({ entryId: spendLogs.entryId })
        .from(spendLogs)
        .where(lt(spendLogs.startedAt, new Date(before)))
        .limit(limit)
      const { rowCount } = await guardQuery(db.delete(spendLogs).where(inArray(spendLogs.entryId, oldest)))
      return rowCount ?? 0
    },
  }
}

function matching({ requestId, keyHash, userId, teamId, since, until }: SpendQuery): SQL | undefined {
  return and(
    requestId === undefined ? undefined : eq(spendLogs.requestId, requestId),
    keyHash === undefined ? undefined : eq(spendLogs.keyHash, keyHash),
    userId === undefined ? undefined : eq(spendLogs.userId, userId),
    teamId === undefined ? undefined : eq(spendLogs.teamId, teamId),
    since === undefined ? undefined : gte(spendLogs.startedAt, new Date(since)),
    until === undefined ? undefined : lt(spendLogs.startedAt, new Date(until)),
  )
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
