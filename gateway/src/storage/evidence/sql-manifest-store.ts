import type { PoolClient } from 'pg'
import type { Manifest, ManifestDraft, ManifestStore } from '../../evidence/manifests/manifest.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { jsonParameter } from './json-parameter.ts'

interface ManifestRow {
  readonly id: string
  readonly agent_name: string
  readonly manifest_hash: string
  readonly version_label: string
  readonly status: Manifest['status']
  readonly parent_id: string | null
  readonly detection_source: string | null
  readonly components: Manifest['components']
  readonly details: Manifest['details']
  readonly created_at: Date
}

/** Manifests over SQL. */
export function createSqlManifestStore(database: Database): ManifestStore {
  const { pool } = database
  return {
    registerManifest: (workspaceId, draft) =>
      inTransaction(database, (client) => register(client, workspaceId, draft)),
    async findManifest(workspaceId, id) {
      const { rows } = await guardQuery(
        pool.query<ManifestRow>('SELECT * FROM manifests WHERE workspace_id = $1 AND id = $2', [
          workspaceId,
          id,
        ]),
      )
      return rows[0] === undefined ? null : fromRow(rows[0])
    },
    async listManifests(workspaceId, { agentName, limit, offset }) {
      const where = 'workspace_id = $1 AND ($2::text IS NULL OR agent_name = $2)'
      const [listed, counted] = await Promise.all([
        guardQuery(
          pool.query<ManifestRow>(
            `SELECT * FROM manifests WHERE ${where} ORDER BY created_at DESC, id LIMIT $3 OFFSET $4`,
            [workspaceId, agentName, limit, offset],
          ),
        ),
        guardQuery(
          pool.query<{ total: number }>(`SELECT count(*)::int AS total FROM manifests WHERE ${where}`, [
            workspaceId,
            agentName,
          ]),
        ),
      ])
      return { manifests: listed.rows.map(fromRow), total: counted.rows[0]?.total ?? 0 }
    },
  }
}

/** Registrations of one workspace take turns, so that numbers and the active one are clear. */
async function register(
  client: PoolClient,
  workspaceId: string,
  draft: ManifestDraft,
): Promise<{ manifest: Manifest; isNew: boolean }> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('manifests ' || $1, 0))", [workspaceId])
  const { rows } = await client.query<ManifestRow>(
    'SELECT * FROM manifests WHERE workspace_id = $1 AND agent_name = $2 ORDER BY created_at, id',
    [workspaceId, draft.agentName],
  )
  const known = rows.find(({ manifest_hash }) => manifest_hash === draft.manifestHash)
  const active = rows.find(({ status }) => status === 'active')
  if (active !== undefined && active.id !== known?.id)
    await setStatus(client, workspaceId, active.id, 'superseded')
  if (known !== undefined) {
    if (known.status !== 'active') await setStatus(client, workspaceId, known.id, 'active')
    return { manifest: fromRow({ ...known, status: 'active' }), isNew: false }
  }
  const label = draft.versionLabel ?? `v${rows.length + 1}`
  const inserted = await client.query<ManifestRow>(
    `INSERT INTO manifests
     SELECT $1, id, agent_name, manifest_hash, version_label, 'active', parent_id, detection_source, components,
       details, created_at
     FROM json_to_recordset($2::json) AS row (
       id uuid, agent_name text, manifest_hash text, version_label text, parent_id uuid, detection_source text,
       components jsonb, details jsonb, created_at timestamptz)
     RETURNING *`,
    [workspaceId, jsonParameter([toRow(draft, label, active?.id ?? null)])],
  )
  const [row] = inserted.rows
  if (row === undefined) throw new Error('a manifest was inserted and not returned')
  return { manifest: fromRow(row), isNew: true }
}

async function setStatus(client: PoolClient, workspaceId: string, id: string, status: string): Promise<void> {
  await client.query('UPDATE manifests SET status = $3 WHERE workspace_id = $1 AND id = $2', [
    workspaceId,
    id,
    status,
  ])
}

function toRow(draft: ManifestDraft, label: string, parentId: string | null): object {
  return {
    id: draft.id,
    agent_name: draft.agentName,
    manifest_hash: draft.manifestHash,
    version_label: label,
    parent_id: parentId,
    detection_source: draft.detectionSource,
    components: draft.components,
    details: draft.details,
    created_at: new Date(draft.createdAt),
  }
}

function fromRow(row: ManifestRow): Manifest {
  return {
    id: row.id,
    agentName: row.agent_name,
    manifestHash: row.manifest_hash,
    versionLabel: row.version_label,
    status: row.status,
    parentId: row.parent_id,
    detectionSource: row.detection_source,
    components: row.components,
    details: row.details,
    createdAt: row.created_at.getTime(),
  }
}
