import type { Database } from '../database/database.ts'
import { inTransaction } from '../database/transaction.ts'
import { countDay, lockRollup } from './refresh-rollup.ts'

const batch = 2_000

interface OldDay {
  readonly workspace_id: string
  readonly day: string
}

/** Whose evidence: of one workspace, or of all but these. */
export type PurgedWorkspaces = { readonly only: string } | { readonly except: readonly string[] }

/** Days before $1 in which nothing arrived since $2, of workspace $3 or of all but $4. */
const oldDays = `
SELECT workspace_id, to_char(day, 'YYYY-MM-DD') AS day FROM (
  SELECT workspace_id, day, received_at AS at FROM traces WHERE day < $1
  UNION ALL
  SELECT workspace_id, day, stored_at FROM routing_decisions WHERE day < $1
) old WHERE ($3::text IS NULL OR workspace_id = $3) AND workspace_id <> ALL ($4)
GROUP BY workspace_id, day HAVING max(at) < $2`

const purges = [
  `DELETE FROM traces WHERE ctid IN (
    SELECT ctid FROM traces WHERE day = $1 AND workspace_id = $2 AND received_at < $3 LIMIT ${batch})`,
  `DELETE FROM routing_decisions WHERE ctid IN (
    SELECT ctid FROM routing_decisions WHERE day = $1 AND workspace_id = $2 AND stored_at < $3 LIMIT ${batch})`,
]

/** What no decision names any more: those of a day behind the last that did are gone. */
const forgotten = ['routing_offers', 'offered_skills'].map(
  (table) => `
DELETE FROM ${table} o
WHERE last_day < $1::date - 1 AND ($2::text IS NULL OR workspace_id = $2) AND workspace_id <> ALL ($3)
  AND NOT EXISTS (SELECT 1 FROM routing_decisions d WHERE d.day <= o.last_day AND d.workspace_id = o.workspace_id)`,
)

/**
 * Removes traces, decisions and outcomes that are older than `cutoff`, by workspace and day. A day is counted one last
 * time and its counts are set apart first: what arrives for it later adds to them.
 */
export async function purgeDays(
  database: Database,
  cutoff: Date,
  whose: PurgedWorkspaces = { except: [] },
): Promise<number> {
  const [only, except] = 'only' in whose ? [whose.only, []] : [null, whose.except]
  const { pool } = database
  const { rows } = await pool.query<OldDay>(oldDays, [cutoff, cutoff, only, except])
  let removed = 0
  for (const { workspace_id, day } of rows) {
    await closeDay(database, workspace_id, day, cutoff)
    for (const purge of purges) removed += await repeat(database, purge, [day, workspace_id, cutoff])
  }
  for (const statement of forgotten) await pool.query(statement, [cutoff, only, except])
  const outcomes = `DELETE FROM outcomes WHERE ctid IN (
    SELECT ctid FROM outcomes WHERE updated_at < $1 AND ($2::text IS NULL OR workspace_id = $2)
      AND workspace_id <> ALL ($3) LIMIT ${batch})`
  return removed + (await repeat(database, outcomes, [cutoff, only, except]))
}

async function closeDay(database: Database, workspaceId: string, day: string, cutoff: Date): Promise<void> {
  await inTransaction(database, async (client) => {
    await lockRollup(client, workspaceId)
    await countDay(client, workspaceId, day)
    await client.query(
      `UPDATE effectiveness_rollup SET generation = 1 + (
         SELECT max(generation) FROM effectiveness_rollup WHERE workspace_id = $1 AND day = $2)
       WHERE workspace_id = $1 AND day = $2 AND generation = 0`,
      [workspaceId, day],
    )
    await client.query(
      `INSERT INTO purged_days VALUES ($1, $2, $3)
       ON CONFLICT (workspace_id, day) DO UPDATE SET purged_before = excluded.purged_before`,
      [workspaceId, day, cutoff],
    )
  })
}

/** In batches, so that no lock and no statement lasts. */
async function repeat({ pool }: Database, statement: string, values: unknown[]): Promise<number> {
  let removed = 0
  for (;;) {
    const { rowCount } = await pool.query(statement, values)
    removed += rowCount ?? 0
    if ((rowCount ?? 0) < batch) return removed
  }
}
