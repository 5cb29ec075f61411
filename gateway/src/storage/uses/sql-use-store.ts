import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import type { UseStore } from '../use-store.ts'

/** The counters over SQL. */
export function createSqlUseStore({ pool }: Database): UseStore {
  return {
    async read(subject, group) {
      const text = 'SELECT used FROM use_counters WHERE subject = $1 AND group_key = $2'
      const { rows } = await guardQuery(pool.query<{ used: string }>(text, [subject, group]))
      return Number(rows[0]?.used ?? 0)
    },
    async add(rows) {
      // Always in the same order, so that processes which write at once do not wait for each other in a circle.
      const text = `
        INSERT INTO use_counters AS counters (subject, group_key, used, ends_at)
        SELECT subject, group_key, used, ends_at
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) AS added (subject, group_key, used, ends_at)
        ORDER BY 1, 2
        ON CONFLICT (subject, group_key) DO UPDATE SET used = counters.used + excluded.used`
      const columns = [
        rows.map(({ subject }) => subject),
        rows.map(({ group }) => group),
        rows.map(({ amount }) => amount),
        rows.map(({ endsAt }) => (endsAt === null ? null : new Date(endsAt).toISOString())),
      ]
      await guardQuery(pool.query(text, columns))
    },
    async list(subject, limit) {
      const text =
        'SELECT group_key, used FROM use_counters WHERE subject = $1 ORDER BY used DESC, group_key LIMIT $2'
      const { rows } = await guardQuery(
        pool.query<{ group_key: string; used: string }>(text, [subject, limit]),
      )
      return rows.map((row) => ({ group: row.group_key, used: Number(row.used) }))
    },
    async purge(before) {
      const text = 'DELETE FROM use_counters WHERE ends_at < $1'
      await guardQuery(pool.query(text, [new Date(before)]))
    },
  }
}
