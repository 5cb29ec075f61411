import type { WorkspaceEmbedderStore } from '../../skill-router/embedding/workspace-embedder.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface EmbedderRow {
  readonly workspace_id: string
  readonly url: string
  readonly model: string
  readonly dimensions: number
  readonly api_key: string | null
}

/** Embedding models of workspaces over SQL. `now` stamps changes. */
export function createSqlWorkspaceEmbedders({ pool }: Database, now: () => number): WorkspaceEmbedderStore {
  return {
    async list() {
      const text = 'SELECT workspace_id, url, model, dimensions, api_key FROM workspace_embedders'
      const { rows } = await guardQuery(pool.query<EmbedderRow>(text))
      return rows.map(({ workspace_id: workspaceId, url, model, dimensions, api_key: apiKey }) => ({
        ...{ workspaceId, url, model, dimensions, apiKey },
      }))
    },
    async set({ workspaceId, url, model, dimensions, apiKey }) {
      const text = `
        INSERT INTO workspace_embedders (workspace_id, url, model, dimensions, api_key, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (workspace_id) DO UPDATE SET url = excluded.url, model = excluded.model,
          dimensions = excluded.dimensions, api_key = excluded.api_key, updated_at = excluded.updated_at`
      await guardQuery(pool.query(text, [workspaceId, url, model, dimensions, apiKey, new Date(now())]))
    },
    async remove(workspaceId) {
      const text = 'DELETE FROM workspace_embedders WHERE workspace_id = $1'
      const { rowCount } = await guardQuery(pool.query(text, [workspaceId]))
      return rowCount === 1
    },
  }
}
