import type { BundleMove, BundleMoveStore } from '../../model-routing/bundles/bundle-shelf.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface MoveRow {
  readonly action: BundleMove['action']
  readonly bundle_id: string
  readonly forced: boolean
  readonly key_hash: string | null
  readonly created_at: Date
}

/** What was done with bundles, over SQL. */
export function createSqlBundleMoveStore({ pool }: Pick<Database, 'pool'>): BundleMoveStore {
  return {
    async addBundleMove({ action, bundleId, forced, keyHash, createdAt }) {
      await guardQuery(
        pool.query(
          `INSERT INTO routing_bundle_moves (action, bundle_id, forced, key_hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
          [action, bundleId, forced, keyHash, new Date(createdAt)],
        ),
      )
    },
    async listBundleMoves() {
      const { rows } = await guardQuery(
        pool.query<MoveRow>('SELECT * FROM routing_bundle_moves ORDER BY id DESC LIMIT 1000'),
      )
      return rows.toReversed().map(({ bundle_id, key_hash, created_at, ...row }) => ({
        ...row,
        bundleId: bundle_id,
        keyHash: key_hash,
        createdAt: created_at.getTime(),
      }))
    },
  }
}
