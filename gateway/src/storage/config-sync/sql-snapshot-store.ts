import type { SnapshotStore } from '../../config-sync/snapshot-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface SnapshotRow {
  readonly version: string
  readonly etag: string | null
  readonly content: string
}

const publishStatement = `
  INSERT INTO config_snapshots AS kept (source, version, token, etag, content, published_at)
  VALUES ($1, 1, COALESCE($2::bigint, 0), $3, $4, $5)
  ON CONFLICT (source) DO UPDATE SET
    version = kept.version + 1,
    token = GREATEST(kept.token, excluded.token),
    etag = excluded.etag,
    content = excluded.content,
    published_at = excluded.published_at
  WHERE $2::bigint IS NULL OR kept.token <= excluded.token
  RETURNING version`

/** Shared configurations over SQL. `now` stamps them. */
export function createSqlSnapshotStore({ pool }: Database, now: () => number): SnapshotStore {
  return {
    async version(source) {
      const { rows } = await guardQuery(
        pool.query<{ version: string }>('SELECT version FROM config_snapshots WHERE source = $1', [source]),
      )
      return Number(rows[0]?.version ?? 0)
    },
    async read(source) {
      const { rows } = await guardQuery(
        pool.query<SnapshotRow>('SELECT version, etag, content FROM config_snapshots WHERE source = $1', [
          source,
        ]),
      )
      return rows[0] === undefined ? null : { ...rows[0], version: Number(rows[0].version) }
    },
    async publish({ source, token, etag, content }) {
      const { rows } = await guardQuery(
        pool.query<{ version: string }>(publishStatement, [source, token, etag, content, new Date(now())]),
      )
      return rows[0] === undefined ? null : Number(rows[0].version)
    },
  }
}
