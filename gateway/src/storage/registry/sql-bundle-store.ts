import type { PoolClient } from 'pg'
import type { Bundle, BundleDraft, BundleStore } from '../../skills/bundles/bundle-store.ts'
import { isUuid } from '../../uuid.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import type { RegistryStoreOptions } from './sql-registry-store.ts'

/** The bundle store over SQL. */
export function createSqlBundleStore(
  database: Database,
  { now, newId }: Pick<RegistryStoreOptions, 'now' | 'newId'>,
): BundleStore {
  const query = <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
    guardQuery(database.pool.query<Row>(text, values)).then(({ rows }) => rows)
  const find = async (workspaceId: string, reference: string): Promise<Bundle | null> => {
    const id = isUuid(reference) ? reference : null
    const text = `${selectBundles} AND (b.id = $2::uuid OR b.name = $3) ORDER BY b.id = $2::uuid DESC NULLS LAST LIMIT 1`
    const [bundle] = await query<Bundle>(text, [workspaceId, id, reference])
    return bundle ?? null
  }
  return {
    list: (workspaceId) => query<Bundle>(`${selectBundles} ORDER BY b.name`, [workspaceId]),
    find,
    async save(workspaceId, id, draft) {
      const saved = id ?? newId()
      const isThere = await inTransaction(database, (client) =>
        write(client, { workspaceId, id: saved, isNew: id === null, time: new Date(now()) }, draft),
      )
      return isThere ? find(workspaceId, saved) : null
    },
    async delete(workspaceId, id) {
      const text = 'DELETE FROM skill_bundles WHERE workspace_id = $1 AND id = $2 RETURNING id'
      return (await query(text, [workspaceId, id])).length === 1
    },
  }
}

interface Target {
  readonly workspaceId: string
  readonly id: string
  readonly isNew: boolean
  readonly time: Date
}

async function write(
  client: PoolClient,
  { workspaceId, id, isNew, time }: Target,
  { name, description, skills }: BundleDraft,
): Promise<boolean> {
  const text = isNew
    ? `INSERT INTO skill_bundles (workspace_id, id, name, description, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $5)`
    : 'UPDATE skill_bundles SET name = $3, description = $4, updated_at = $5 WHERE workspace_id = $1 AND id = $2'
  const { rowCount } = await client.query(text, [workspaceId, id, name, description, time])
  if (rowCount === 0) return false
  await client.query('DELETE FROM skill_bundle_items WHERE bundle_id = $1', [id])
  await client.query(
    `INSERT INTO skill_bundle_items (bundle_id, position, skill_id, pinned_version_id)
     SELECT $1, i.position, i.skill_id, i.pin
     FROM unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS i (skill_id, pin, position)`,
    [id, skills.map(({ skillId }) => skillId), skills.map(({ pinnedVersionId }) => pinnedVersionId)],
  )
  return true
}

const selectBundles = `
  SELECT b.id, b.name, b.description, (extract(epoch FROM b.created_at) * 1000)::float8 AS "createdAt",
    (extract(epoch FROM b.updated_at) * 1000)::float8 AS "updatedAt",
    (SELECT coalesce(json_agg(json_build_object('skillId', i.skill_id, 'skillName', s.name,
        'pinnedVersionId', i.pinned_version_id) ORDER BY i.position), '[]'::json)
     FROM skill_bundle_items AS i
     LEFT JOIN workspace_skills AS s ON s.workspace_id = b.workspace_id AND s.id = i.skill_id
       AND s.deleted_at IS NULL
     WHERE i.bundle_id = b.id) AS skills
  FROM skill_bundles AS b WHERE b.workspace_id = $1`
