import type { PoolClient } from 'pg'
import { monthlyDimensions, type QuotaLimits, quotaExceeded } from '../../quotas/quota.ts'
import type { MonthlyAllowance, QuotaStore, QuotaUsage } from '../../quotas/quota-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'

interface QuotaRow {
  readonly workspace_id: string
  readonly key_hash: string
  readonly plan: string
  readonly limits: QuotaLimits
}

/** The quota store over SQL. `now` stamps changes. */
export function createSqlQuotaStore(database: Database, now: () => number): QuotaStore {
  const { pool } = database
  return {
    async list() {
      const { rows } = await guardQuery(
        pool.query<QuotaRow>('SELECT workspace_id, key_hash, plan, limits FROM quotas'),
      )
      return rows.map((row) => ({
        workspaceId: row.workspace_id,
        keyHash: row.key_hash === '' ? null : row.key_hash,
        plan: row.plan,
        limits: row.limits,
      }))
    },
    async set({ workspaceId, keyHash, plan, limits }) {
      const text = `
        INSERT INTO quotas (workspace_id, key_hash, plan, limits, updated_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (workspace_id, key_hash) DO UPDATE
        SET plan = excluded.plan, limits = excluded.limits, updated_at = excluded.updated_at`
      const values = [workspaceId, keyHash ?? '', plan, JSON.stringify(limits), new Date(now())]
      await guardQuery(pool.query(text, values))
    },
    async remove({ workspaceId, keyHash }) {
      const text = 'DELETE FROM quotas WHERE workspace_id = $1 AND key_hash = $2'
      const { rowCount } = await guardQuery(pool.query(text, [workspaceId, keyHash ?? '']))
      return rowCount === 1
    },
    async take(workspaceId, allowances, amount, { name, endsInSeconds }) {
      await inTransaction(database, async (client) => {
        for (const allowance of allowances) {
          const used = await takeOne(client, workspaceId, allowance, amount, name)
          // Undoes what was taken from the others.
          if (used !== null) throw quotaExceeded(allowance, used, endsInSeconds)
        }
      })
    },
    async usage({ workspaceId, keyHash }, { name: month }) {
      const { rows } = await guardQuery(
        pool.query<{ dimension: string; used: string }>(
          'SELECT dimension, used FROM quota_usage WHERE workspace_id = $1 AND key_hash = $2 AND month = $3',
          [workspaceId, keyHash ?? '', month],
        ),
      )
      const used = new Map(rows.map((row) => [row.dimension, Number(row.used)]))
      return Object.fromEntries(monthlyDimensions.map((name) => [name, used.get(name) ?? 0])) as QuotaUsage
    },
  }
}

/** What is used when there is not enough left; null when it was taken. One statement, so that races cannot overdraw. */
async function takeOne(
  client: PoolClient,
  workspaceId: string,
  { keyHash, dimension, limit }: MonthlyAllowance,
  amount: number,
  month: string,
): Promise<number | null> {
  const key = [workspaceId, keyHash ?? '', dimension, month]
  const taken = await client.query(
    `INSERT INTO quota_usage AS usage (workspace_id, key_hash, dimension, month, used)
     SELECT $1, $2, $3, $4, $5::bigint WHERE $5::bigint <= $6::bigint
     ON CONFLICT (workspace_id, key_hash, dimension, month) DO UPDATE
     SET used = usage.used + excluded.used WHERE usage.used + excluded.used <= $6::bigint`,
    [...key, amount, limit],
  )
  if (taken.rowCount === 1) return null
  const { rows } = await client.query<{ used: string }>(
    'SELECT used FROM quota_usage WHERE workspace_id = $1 AND key_hash = $2 AND dimension = $3 AND month = $4',
    key,
  )
  return Number(rows[0]?.used ?? 0)
}
