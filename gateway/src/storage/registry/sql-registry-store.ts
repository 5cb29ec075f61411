import type { Fork, RegistryStore, ServedPublication } from '../../skills/registry/registry-store.ts'
import { isUuid } from '../../uuid.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { followSources } from './follow-sources.ts'
import { claimFork } from './forks.ts'
import { removeLink, saveLink } from './links.ts'
import { publish, unpublish } from './publications.ts'
import { readActivations } from './read-activations.ts'
import { refreshStandings } from './refresh-standings.ts'
import { type DetailRow, selectDetail, selectEntries, toDetail } from './registry-rows.ts'
import { searchEntries } from './search-entries.ts'

export interface RegistryStoreOptions {
  readonly now: () => number
  readonly newId: () => string
  /** Told after each committed change of a workspace's catalogue. */
  readonly onChange: (workspaceId: string) => void
}

/** The registry over SQL, the same on PostgreSQL and embedded. */
export function createSqlRegistryStore(database: Database, options: RegistryStoreOptions): RegistryStore {
  const { now, newId, onChange } = options
  const query = <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
    guardQuery(database.pool.query<Row>(text, values)).then(({ rows }) => rows)
  return {
    publish: (workspaceId, skillId, publication) =>
      inTransaction(database, (client) => publish(client, { workspaceId, skillId, now: now() }, publication)),
    unpublish: (workspaceId, skillId) =>
      inTransaction(database, (client) => unpublish(client, { workspaceId, skillId, now: now() })),
    async find(reference) {
      const [row] = await query<DetailRow>(findStatement, [reference, isUuid(reference) ? reference : null])
      return row === undefined ? null : toDetail(row)
    },
    async readVersion(skillId, versionNumber) {
      const [row] = await query<{ skill_md: string }>(versionStatement, [skillId, versionNumber])
      return row?.skill_md ?? null
    },
    async findVersion(skillId, version) {
      const number = /^\d{1,9}$/.test(version) ? Number(version) : null
      const values = [skillId, number, isUuid(version) ? version : null]
      const [row] = await query<{ id: string }>(pinStatement, values)
      return row?.id ?? null
    },
    async readFile(skillId, path) {
      const parts = await query<{ content: Buffer }>(fileStatement, [skillId, path])
      return parts.length === 0 ? null : Buffer.concat(parts.map(({ content }) => content))
    },
    search: (wanted) => searchEntries(database, wanted),
    listServed: () => query<ServedPublication>(servedStatement, []),
    async installedAs(workspaceId, skillIds) {
      const rows = await query<{ skill_id: string; name: string }>(installedStatement, [
        workspaceId,
        skillIds,
      ])
      return new Map(rows.map((row) => [row.skill_id, row.name]))
    },
    async use(workspaceId, skillId, link) {
      const context = { workspaceId, skillId, now: now(), newId }
      const saved = await inTransaction(database, (client) => saveLink(client, context, link))
      onChange(workspaceId)
      return saved
    },
    async stopUsing(workspaceId, skillId) {
      const context = { workspaceId, skillId, now: now() }
      const removed = await inTransaction(database, (client) => removeLink(client, context))
      onChange(workspaceId)
      return removed
    },
    async followSources(ownerId) {
      const followed = await followSources(database, ownerId, now())
      for (const workspaceId of new Set(followed.map((link) => link.workspaceId))) onChange(workspaceId)
      return followed
    },
    beginFork: (workspaceId, { skillId, versionId }) =>
      inTransaction(database, (client) => claimFork(client, { workspaceId, skillId, versionId, now: now() })),
    async finishFork(workspaceId, upstreamSkillId, copyId) {
      const owned = 'WHERE workspace_id = $1 AND upstream_skill_id = $2 AND copy_id IS NULL'
      if (copyId === null) await query(`DELETE FROM skill_forks ${owned}`, [workspaceId, upstreamSkillId])
      else await query(`UPDATE skill_forks SET copy_id = $3 ${owned}`, [workspaceId, upstreamSkillId, copyId])
    },
    async findFork(workspaceId, copyId) {
      const [fork] = await query<Fork>(forkStatement, [workspaceId, copyId])
      return fork ?? null
    },
    async moveFork(workspaceId, copyId, upstreamVersionId) {
      const text = 'UPDATE skill_forks SET upstream_version_id = $3 WHERE workspace_id = $1 AND copy_id = $2'
      await query(text, [workspaceId, copyId, upstreamVersionId])
    },
    readActivations: (skillId, windowDays) => readActivations(database, skillId, windowDays, now()),
    refreshStanding: (skillId) => refreshStandings(database, skillId, now()),
    async shareEvidence(workspaceId, isShared) {
      if (isShared) await query(shareStatement, [workspaceId, new Date(now())])
      else await query('DELETE FROM evidence_sharing WHERE workspace_id = $1', [workspaceId])
    },
    async rate(workspaceId, skillId, rating) {
      await query(rateStatement, [skillId, workspaceId, rating, new Date(now())])
      await query(ratingStatement, [skillId])
      await refreshStandings(database, skillId, now())
    },
  }
}

/** An id beats a name, a name beats a slug. */
const findStatement = `${selectDetail} AND (r.skill_id = $2::uuid OR r.name = $1 OR r.url_slug = $1)
  ORDER BY (r.skill_id IS NOT DISTINCT FROM $2::uuid) DESC, (r.name = $1) DESC LIMIT 1`

const versionStatement = `
  SELECT w.skill_md FROM (${selectEntries}) AS e JOIN skill_versions AS w ON w.skill_id = e.skill_id
  WHERE e.skill_id = $1 AND w.version_number = $2 AND w.deleted_at IS NULL AND NOT w.is_quarantined
    AND w.safety_status <> 'blocked'`

const pinStatement = `
  SELECT w.id FROM (${selectEntries}) AS e JOIN skill_versions AS w ON w.skill_id = e.skill_id
  WHERE e.skill_id = $1 AND (w.version_number = $2 OR w.id = $3::uuid) AND w.deleted_at IS NULL
    AND NOT w.is_quarantined AND w.safety_status <> 'blocked'`

const servedStatement = `
  SELECT workspace_id AS "workspaceId", skill_id AS "skillId", version_id AS "versionId", name, description
  FROM (${selectEntries}) AS e ORDER BY name`

const fileStatement = `
  SELECT b.content FROM (${selectEntries}) AS e JOIN skill_files AS f ON f.version_id = e.version_id
  JOIN skill_blobs AS b ON b.digest = f.digest
  WHERE e.skill_id = $1 AND f.path = $2 ORDER BY b.part`

const installedStatement = `
  SELECT id AS skill_id, name FROM workspace_skills
  WHERE workspace_id = $1 AND id = ANY ($2) AND deleted_at IS NULL
  UNION ALL
  SELECT f.upstream_skill_id, s.name FROM skill_forks AS f JOIN skills AS s ON s.id = f.copy_id
  WHERE f.workspace_id = $1 AND f.upstream_skill_id = ANY ($2) AND s.deleted_at IS NULL`

const forkStatement = `
  SELECT upstream_skill_id AS "upstreamSkillId", upstream_version_id AS "upstreamVersionId", copy_id AS "copyId"
  FROM skill_forks WHERE workspace_id = $1 AND copy_id = $2 AND detached_at IS NULL`

const shareStatement = `
  INSERT INTO evidence_sharing (workspace_id, since) VALUES ($1, $2) ON CONFLICT DO NOTHING`

const rateStatement = `
  INSERT INTO skill_ratings (skill_id, workspace_id, rating, rated_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (skill_id, workspace_id) DO UPDATE SET rating = excluded.rating, rated_at = excluded.rated_at`

const ratingStatement = `
  UPDATE registry_entries SET (rating_avg, rating_count) =
    (SELECT avg(rating)::float8, count(*) FROM skill_ratings WHERE skill_id = $1)
  WHERE skill_id = $1`
