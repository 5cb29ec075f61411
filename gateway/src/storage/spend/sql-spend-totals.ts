import { and, desc, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { keyDigests, spendHours, spendLogs } from '../database/schema.ts'
import type { SpenderKind, SpendPeriod, SpendTotals } from '../spend-totals.ts'

const hourMs = 3_600_000
const defaultLimit = 10_000

/** Sums over SQL: whole hours from the hourly sums, a part of an hour from the ledger itself. */
export function createSqlSpendTotals(database: Database): SpendTotals {
  const { sql: db } = database
  const spend = sql<string>`coalesce(sum(${spendHours.spendNanoUsd}), 0)`
  const columns = {
    kind: spendHours.kind,
    id: spendHours.id,
    spendNanoUsd: spend.mapWith(Number),
    requests: sql`sum(${spendHours.requests})`.mapWith(Number),
    failed: sql`sum(${spendHours.failed})`.mapWith(Number),
    inputTokens: sql`sum(${spendHours.inputTokens})`.mapWith(Number),
    outputTokens: sql`sum(${spendHours.outputTokens})`.mapWith(Number),
  }
  return {
    async spentSince(kind, id, since) {
      const firstHour = since === null ? null : Math.ceil(since / hourMs) * hourMs
      const [hours] = await guardQuery(
        db
          .select({ sum: spend })
          .from(spendHours)
          .where(
            and(
              eq(spendHours.kind, kind),
              ofSpender(kind, id),
              firstHour === null ? undefined : gte(spendHours.hour, new Date(firstHour)),
            ),
          ),
      )
      const whole = Number(hours?.sum ?? 0)
      if (since === null || firstHour === null || since === firstHour) return whole
      const [part] = await guardQuery(
        db
          .select({ sum: sql<string>`coalesce(sum(${spendLogs.costNanoUsd}), 0)` })
          .from(spendLogs)
          .where(
            and(
              gte(spendLogs.startedAt, new Date(since)),
              lt(spendLogs.startedAt, new Date(firstHour)),
              spentBy(kind, id),
            ),
          ),
      )
      return whole + Number(part?.sum ?? 0)
    },
    async sums(query) {
      const rows = await guardQuery(
        db
          .select(columns)
          .from(spendHours)
          .where(within(query))
          .groupBy(spendHours.kind, spendHours.id)
          .orderBy(desc(spend), spendHours.id)
          .limit(query.limit ?? defaultLimit),
      )
      return rows.map((row) => ({ ...row, kind: row.kind as SpenderKind }))
    },
    async daily(query) {
      const day = sql<string>`to_char(${spendHours.hour} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`
      const rows = await guardQuery(
        db
          .select({ ...columns, day })
          .from(spendHours)
          .where(within(query))
          .groupBy(day, spendHours.kind, spendHours.id)
          .orderBy(day, desc(spend)),
      )
      return rows.map((row) => ({ ...row, kind: row.kind as SpenderKind }))
    },
  }
}

function within(
  query: SpendPeriod & { kinds: readonly SpenderKind[]; ids?: readonly string[] },
): SQL | undefined {
  const { kinds, ids, since, until } = query
  return and(
    inArray(spendHours.kind, [...kinds]),
    ids === undefined ? undefined : inArray(spendHours.id, [...ids]),
    since === null ? undefined : gte(spendHours.hour, new Date(since)),
    until === null ? undefined : lt(spendHours.hour, new Date(until)),
  )
}

/** The hourly sums of somebody; those of a key by the first digest it had, and by all it has had since. */
function ofSpender(kind: SpenderKind, id: string): SQL {
  if (kind === 'key') return inArray(spendHours.id, digestsOf(id))
  if (kind !== 'key_model') return eq(spendHours.id, id)
  const [account = '', ...model] = id.split(':')
  return inArray(spendHours.id, digestsOf(account, `:${model.join(':')}`))
}

const digestsOf = (account: string, ending = ''): SQL =>
  sql`(SELECT ${account + ending} UNION ALL SELECT ${keyDigests.digest} || ${ending} FROM ${keyDigests} WHERE ${keyDigests.account} = ${account})`

/** The rows of the ledger that count for somebody, as the statement that fills the hourly sums reads them. */
function spentBy(kind: SpenderKind, id: string): SQL | undefined {
  const [first = '', ...rest] = id.split(':')
  const second = rest.join(':')
  switch (kind) {
    case 'proxy':
      return undefined
    case 'key':
      return inArray(spendLogs.keyHash, digestsOf(id))
    case 'user':
      return eq(spendLogs.userId, id)
    case 'personal':
      return sql`${spendLogs.userId} = ${id} AND ${spendLogs.teamId} IS NULL`
    case 'team':
      return eq(spendLogs.teamId, id)
    case 'member':
      return sql`${spendLogs.teamId} || ':' || ${spendLogs.userId} = ${id}`
    case 'organization':
      return eq(spendLogs.organizationId, id)
    case 'workspace':
      return eq(spendLogs.workspaceId, id)
    case 'customer':
      return eq(spendLogs.endUser, id)
    case 'tag':
      return sql`${spendLogs.tags} ? ${id}`
    case 'model':
      return sql`coalesce(${spendLogs.modelGroup}, ${spendLogs.requestedModel}) = ${id}`
    case 'key_model':
      return and(inArray(spendLogs.keyHash, digestsOf(first)), eq(spendLogs.modelGroup, second))
    case 'provider':
      return eq(spendLogs.provider, id)
    case 'deployment':
      return eq(spendLogs.deploymentId, id)
  }
}
