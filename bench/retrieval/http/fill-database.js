import { createHash, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'

const BATCH = 1_000
const require = createRequire(new URL('../../../gateway/package.json', import.meta.url))

/** Puts skills into the workspace `default` of an embedded database that a gateway has made and left. */
export async function fillDatabase(dataDir, skills) {
  const { PGlite } = await import(require.resolve('@electric-sql/pglite'))
  const { vector } = await import(require.resolve('@electric-sql/pglite-pgvector'))
  const database = await PGlite.create({ dataDir, extensions: { vector } })
  for (let at = 0; at < skills.length; at += BATCH) await insert(database, skills.slice(at, at + BATCH))
  await database.query(
    `INSERT INTO skill_workspaces (workspace_id, epoch) VALUES ('default', 1)
     ON CONFLICT (workspace_id) DO UPDATE SET epoch = 1`,
  )
  await database.close()
}

async function insert(database, skills) {
  const rows = skills.map(({ name, description, body }) => ({
    ...{ id: randomUUID(), version_id: randomUUID(), name, description, body },
    hash: createHash('sha256').update(body).digest('hex'),
  }))
  const values = [JSON.stringify(rows)]
  const source =
    'json_to_recordset($1) AS r (id uuid, version_id uuid, name text, description text, body text, hash text)'
  await database.query(
    `INSERT INTO skills (id, workspace_id, name, url_slug, description, tags, trigger_phrases, stability, is_active,
       offer_scope, visibility, source, latest_version_id, served_version_id, changed_epoch, created_at, updated_at)
     SELECT id, 'default', name, name, description, '{}', '{}', 'stable', true, 'workspace', 'private', 'bench',
       version_id, version_id, 1, now(), now() FROM ${source}`,
    values,
  )
  await database.query(
    `INSERT INTO skill_versions (id, skill_id, version_number, tree_digest, content_hash, description, skill_md,
       body_start, body_end, created_at_us, safety_status, is_quarantined)
     SELECT version_id, id, 1, hash, hash, description, body, 0, length(body), 1, 'clean', false FROM ${source}`,
    values,
  )
}
