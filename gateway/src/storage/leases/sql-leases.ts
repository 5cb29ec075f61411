import type { LeaseStore } from '../../leadership/lease-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

/** Tokens are the time at which the lease changed hands, so that they grow wherever leases are kept. */
const acquireStatement = `
  INSERT INTO leases AS lease (name, holder, token, expires_at)
  VALUES ($1, $2, floor(extract(epoch FROM clock_timestamp()) * 1000), clock_timestamp() + $3 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET
    token = CASE WHEN lease.holder = excluded.holder THEN lease.token ELSE GREATEST(lease.token + 1, excluded.token) END,
    holder = excluded.holder,
    expires_at = excluded.expires_at
  WHERE lease.holder = excluded.holder OR lease.expires_at <= clock_timestamp()
  RETURNING token`

/** Leases over SQL, timed by the clock of the database. */
export function createSqlLeases({ pool }: Database): LeaseStore {
  return {
    async acquire({ name, holder, ttlMs }) {
      const { rows } = await guardQuery(
        pool.query<{ token: string }>(acquireStatement, [name, holder, ttlMs]),
      )
      return rows[0] === undefined ? null : Number(rows[0].token)
    },
    async release(name, holder) {
      // The row stays: it remembers the token.
      await guardQuery(
        pool.query(
          'UPDATE leases SET holder = $3, expires_at = clock_timestamp() WHERE name = $1 AND holder = $2',
          [name, holder, ''],
        ),
      )
    },
  }
}
