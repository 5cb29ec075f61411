import { and, eq, gt, inArray, lte, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { storedResponses } from '../database/schema.ts'
import type { ResponseStore, StoredResponse } from '../response-store.ts'

type Row = typeof storedResponses.$inferSelect

/** Longest conversation that is put together; a longer one is as good as endless. */
const maxTurns = 10_000

/** The response store over SQL. `now` decides what has expired. */
export function createSqlResponseStore(database: Database, now: () => number): ResponseStore {
  const { sql: db } = database
  const living = (id: string, owner: string): SQL | undefined =>
    and(
      eq(storedResponses.id, id),
      eq(storedResponses.owner, owner),
      gt(storedResponses.expiresAt, new Date(now())),
    )
  return {
    async save(response) {
      const { createdAt, expiresAt } = response
      const values = { ...response, createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) }
      await guardQuery(db.insert(storedResponses).values(values))
    },
    async find(id, owner) {
      const [row] = await guardQuery(db.select().from(storedResponses).where(living(id, owner)).limit(1))
      return row === undefined ? null : toRecord(row)
    },
    async findChain(id, owner) {
      const ids = await guardQuery(db.execute<{ id: string; turn: number }>(chainQuery(id, owner, now())))
      const turns = new Map(ids.rows.map((row) => [row.id, Number(row.turn)]))
      if (turns.size === 0) return []
      const rows = await guardQuery(
        db
          .select()
          .from(storedResponses)
          .where(inArray(storedResponses.id, [...turns.keys()])),
      )
      rows.sort((a, b) => (turns.get(b.id) ?? 0) - (turns.get(a.id) ?? 0))
      return rows.map(toRecord)
    },
    async delete(id, owner) {
      const query = db.delete(storedResponses).where(living(id, owner)).returning({ id: storedResponses.id })
      return (await guardQuery(query)).length > 0
    },
    async purge(limit) {
      const expired = db
        .select({ id: storedResponses.id })
        .from(storedResponses)
        .where(lte(storedResponses.expiresAt, new Date(now())))
        .limit(limit)
      const query = db.delete(storedResponses).where(inArray(storedResponses.id, expired))
      const removed = await guardQuery(query.returning({ id: storedResponses.id }))
      return removed.length
    },
  }
}

/** The ids of a conversation, `turn` counting back from its last response. */
function chainQuery(id: string, owner: string, now: number): SQL {
  const time = new Date(now).toISOString()
  return sql`
    WITH RECURSIVE chain AS (
      SELECT id, previous_id, 0 AS turn FROM stored_responses
      WHERE id = ${id} AND owner = ${owner} AND expires_at > ${time}::timestamptz
      UNION ALL
      SELECT earlier.id, earlier.previous_id, chain.turn + 1 FROM stored_responses AS earlier
      JOIN chain ON earlier.id = chain.previous_id
      WHERE earlier.owner = ${owner} AND earlier.expires_at > ${time}::timestamptz AND chain.turn < ${maxTurns}
    )
    SELECT id, turn FROM chain`
}

function toRecord(row: Row): StoredResponse {
  return { ...row, createdAt: row.createdAt.getTime(), expiresAt: row.expiresAt.getTime() }
}
