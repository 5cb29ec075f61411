import type { PoolClient } from 'pg'
import type { Database } from '../database/database.ts'
import { inTransaction } from '../database/transaction.ts'
import { countDayStatement } from './count-day-statement.ts'

/** Rows that are being written while others are counted are seen the next time. */
const overlapMs = 60_000
/** A count that took longer than this is followed by a pause of so many times as long, however often it is asked for. */
const cheapMs = 100
const restPerWork = 5

/** Days with something new in them: new traces and decisions, and old ones that were joined or judged since. */
const touchedDays = `
SELECT DISTINCT to_char(day, 'YYYY-MM-DD') AS day FROM (
  SELECT day FROM traces WHERE workspace_id = $1 AND received_at >= $2
  UNION ALL
  SELECT day FROM routing_decisions WHERE workspace_id = $1 AND stored_at >= $2
  UNION ALL
  SELECT d.day FROM traces t CROSS JOIN LATERAL unnest(t.routing_ids) AS link (routing_id)
  JOIN routing_decisions d ON d.routing_id = link.routing_id AND d.workspace_id = $1
  WHERE t.workspace_id = $1 AND t.received_at >= $2
  UNION ALL
  SELECT t.day FROM routing_decisions d JOIN traces t ON t.workspace_id = $1 AND t.routing_ids @> ARRAY[d.routing_id]
  WHERE d.workspace_id = $1 AND d.stored_at >= $2
  UNION ALL
  SELECT t.day FROM outcomes o
  JOIN traces t ON t.workspace_id = $1 AND (t.id::text = o.subject OR t.routing_ids @> ARRAY[o.subject])
  WHERE o.workspace_id = $1 AND o.updated_at >= $2
) touched ORDER BY day`

/**
 * Counts again the days in which something has happened since the last time. Whole days are counted from their rows,
 * so that the order in which decisions, traces and outcomes arrive never matters. Replicas take turns by a lock.
 */
export class RollupRefresher {
  readonly #database: Database
  readonly #now: () => number
  readonly #running = new Map<string, Promise<void>>()
  readonly #restUntil = new Map<string, number>()

  constructor(database: Database, now: () => number) {
    this.#database = database
    this.#now = now
  }

  /** Joins a count that is under way; right after an expensive one nothing is done. */
  async refresh(workspaceId: string): Promise<void> {
    if ((this.#restUntil.get(workspaceId) ?? 0) > performance.now()) return
    const running = this.#running.get(workspaceId) ?? this.#count(workspaceId)
    this.#running.set(workspaceId, running)
    try {
      await running
    } finally {
      this.#running.delete(workspaceId)
    }
  }

  async #count(workspaceId: string): Promise<void> {
    const startedAt = performance.now()
    await inTransaction(this.#database, async (client) => {
      await lockRollup(client, workspaceId)
      const now = this.#now()
      const { rows } = await client.query<{ refreshed_at: Date }>(
        'SELECT refreshed_at FROM rollup_progress WHERE workspace_id = $1',
        [workspaceId],
      )
      const since = new Date((rows[0]?.refreshed_at.getTime() ?? overlapMs) - overlapMs)
      const touched = await client.query<{ day: string }>(touchedDays, [workspaceId, since])
      for (const { day } of touched.rows) await countDay(client, workspaceId, day)
      await client.query(
        `INSERT INTO rollup_progress VALUES ($1, $2)
         ON CONFLICT (workspace_id) DO UPDATE SET refreshed_at = excluded.refreshed_at`,
        [workspaceId, new Date(now)],
      )
    })
    const took = performance.now() - startedAt
    if (took > cheapMs) this.#restUntil.set(workspaceId, performance.now() + took * restPerWork)
  }
}

/** Counts one day from its rows. Wants the lock. */
export async function countDay(client: PoolClient, workspaceId: string, day: string): Promise<void> {
  const { rows } = await client.query<{ purged_before: Date }>(
    'SELECT purged_before FROM purged_days WHERE workspace_id = $1 AND day = $2',
    [workspaceId, day],
  )
  await client.query(
    'DELETE FROM effectiveness_rollup WHERE workspace_id = $1 AND day = $2 AND generation = 0',
    [workspaceId, day],
  )
  await client.query(countDayStatement, [workspaceId, day, rows[0]?.purged_before ?? new Date(0)])
}

/** Held to the end of the transaction; writers of one workspace's rollup take turns. */
export async function lockRollup(client: PoolClient, workspaceId: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('rollup ' || $1, 0))", [workspaceId])
}
