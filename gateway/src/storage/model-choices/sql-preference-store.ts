import { agePreference } from '@routeiq/router'
import type { Preference, PreferenceStore } from '../../model-routing/preference-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'

interface PreferenceRow {
  readonly workspace_id: string
  readonly user_id: string
  readonly arm: string
  readonly weight: number
  readonly reward: number
  readonly updated_at: Date
}

const own = 'workspace_id = $1 AND user_id = $2'

/** Preferences over SQL. */
export function createSqlPreferenceStore(database: Database): PreferenceStore {
  const { pool } = database
  return {
    addPreference: ({ workspaceId, userId, arm, score }, now) =>
      inTransaction(database, async (client) => {
        const { rows } = await client.query<PreferenceRow>(
          `SELECT * FROM model_preferences WHERE ${own} AND arm = $3 FOR UPDATE`,
          [workspaceId, userId, arm],
        )
        const before = rows[0] ?? { weight: 0, reward: 0, updated_at: new Date(now) }
        const { weight, reward } = agePreference(before, now - before.updated_at.getTime())
        await client.query(
          `INSERT INTO model_preferences (workspace_id, user_id, arm, weight, reward, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, user_id, arm) DO UPDATE SET
             weight = excluded.weight, reward = excluded.reward, updated_at = excluded.updated_at`,
          [workspaceId, userId, arm, weight + 1, reward + score, new Date(now)],
        )
      }),
    async listPreferences(workspaceId, userId) {
      const text = `SELECT * FROM model_preferences WHERE ${own} ORDER BY arm`
      const { rows } = await guardQuery(pool.query<PreferenceRow>(text, [workspaceId, userId]))
      return rows.map(fromRow)
    },
    async listRecentPreferences(limit) {
      const text = 'SELECT * FROM model_preferences ORDER BY updated_at DESC LIMIT $1'
      const { rows } = await guardQuery(pool.query<PreferenceRow>(text, [limit]))
      return rows.map(fromRow)
    },
    async forgetPreferences(workspaceId, userId) {
      const text = `DELETE FROM model_preferences WHERE ${own}`
      const { rowCount } = await guardQuery(pool.query(text, [workspaceId, userId]))
      return rowCount ?? 0
    },
  }
}

function fromRow({ workspace_id, user_id, arm, weight, reward, updated_at }: PreferenceRow): Preference {
  return {
    ...{ workspaceId: workspace_id, userId: user_id, arm, weight, reward },
    updatedAt: updated_at.getTime(),
  }
}
