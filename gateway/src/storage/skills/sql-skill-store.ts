import type { ScanException } from '../../skills/scan/judge-scan.ts'
import type {
  Baseline,
  SkillHash,
  SkillPage,
  SkillQuery,
  SkillStore,
  VersionAddress,
  VersionNumber,
  VersionSelector,
} from '../../skills/skill-store.ts'
import { isUuid } from '../../uuid.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { touchSkills } from './epochs.ts'
import {
  findCandidates,
  readCatalogue,
  readCatalogueSkills,
  readChanges,
  readEpochs,
} from './read-catalogue.ts'
import { saveScan } from './save-scan.ts'
import {
  type FoundSkill,
  filesJson,
  selectSkills,
  toSkill,
  toVersion,
  toVersionText,
  type VersionRow,
  type VersionTextRow,
  versionJson,
} from './skill-rows.ts'
import { updateMetadata } from './update-metadata.ts'
import { chooseServed, writeSkills } from './write-skills.ts'

export interface SkillStoreOptions {
  readonly now: () => number
  readonly newId: () => string
  /** Told after each committed change of a workspace. */
  readonly onChange: (workspaceId: string) => void
}

/** The skill store over SQL, the same on PostgreSQL and embedded. */
export function createSqlSkillStore(database: Database, options: SkillStoreOptions): SkillStore {
  const { now, newId, onChange } = options
  const query = <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
    guardQuery(database.pool.query<Row>(text, values)).then(({ rows }) => rows)
  const announced = async <Result>(workspaceId: string, change: Promise<Result>): Promise<Result> => {
    const result = await change
    onChange(workspaceId)
    return result
  }
  const find = async (workspaceId: string, reference: string) => {
    const [row] = await query<FoundSkill>(findStatement, [
      workspaceId,
      reference,
      isUuid(reference) ? reference : null,
    ])
    return row === undefined ? null : toSkill(row)
  }
  return {
    find,
    list: (workspaceId, wanted) => listSkills(query, workspaceId, wanted),
    listHashes: (workspaceId) => query<SkillHash>(hashesStatement, [workspaceId]),
    async listVersions(workspaceId, skillId) {
      const rows = await query<{ version: VersionRow }>(
        `${versionsOf} ORDER BY v.version_number DESC`.replace('$columns', ''),
        [workspaceId, skillId],
      )
      return rows.map(({ version }) => toVersion(version))
    },
    listVersionNumbers: (workspaceId, skillIds) =>
      query<VersionNumber>(versionNumbersStatement, [workspaceId, skillIds]),
    async readVersion(workspaceId, skillId, selector) {
      const [condition, value] = selectVersion(selector)
      const columns = `, v.skill_md, v.body_start, v.body_end, v.scan, ${filesJson('v.id')} AS files`
      const [row] = await query<VersionTextRow>(
        `${versionsOf} AND ${condition} ORDER BY v.version_number DESC LIMIT 1`.replace('$columns', columns),
        [workspaceId, skillId, value],
      )
      return row === undefined ? null : toVersionText(row)
    },
    async findSkillOfVersion(versionId) {
      const [row] = await query<{ skill_id: string }>(
        'SELECT skill_id FROM skill_versions WHERE id = $1 AND deleted_at IS NULL',
        [versionId],
      )
      return row?.skill_id ?? null
    },
    readFiles: (workspaceId, versionId, paths) => readFiles(query, workspaceId, versionId, paths),
    write: (workspaceId, drafts, limit = null) =>
      announced(
        workspaceId,
        inTransaction(database, (client) =>
          writeSkills(client, { workspaceId, now: now(), newId, limit }, drafts),
        ),
      ),
    async updateMetadata(workspaceId, skillId, changes) {
      const found = await announced(
        workspaceId,
        inTransaction(database, (client) => updateMetadata(client, workspaceId, skillId, changes, now())),
      )
      return found ? find(workspaceId, skillId) : null
    },
    deleteVersion: (workspaceId, skillId, versionId) =>
      announced(
        workspaceId,
        inTransaction(database, async (client) => {
          await touchSkills(client, workspaceId, [skillId])
          const { rowCount } = await client.query(deleteVersionStatement, [
            workspaceId,
            skillId,
            versionId,
            new Date(now()),
          ])
          await client.query(newestStatement, [workspaceId, skillId])
          await chooseServed(client, [skillId])
          return rowCount === 1
        }),
      ),
    delete: (workspaceId, skillId) =>
      announced(
        workspaceId,
        inTransaction(database, async (client) => {
          await touchSkills(client, workspaceId, [skillId])
          const { rowCount } = await client.query(
            'UPDATE skills SET deleted_at = $3 WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL',
            [workspaceId, skillId, new Date(now())],
          )
          return rowCount === 1
        }),
      ),
    listScanExceptions: (workspaceId, treeDigest) =>
      query<ScanException>(exceptionsStatement, [workspaceId, treeDigest]),
    async saveScanException(workspaceId, treeDigest, { check, author, reason, expiresAt }) {
      const expires = expiresAt === null ? null : new Date(expiresAt)
      const values = [workspaceId, treeDigest, check, author, reason, expires, new Date(now())]
      await query(saveExceptionStatement, values)
    },
    async saveScan(workspaceId, skillId, versionId, scan) {
      const isChanged = await inTransaction(database, (client) =>
        saveScan(client, { workspaceId, skillId, versionId }, scan),
      )
      if (isChanged) onChange(workspaceId)
    },
    listOutdatedScans: (scannerVersion, limit) =>
      query<VersionAddress>(outdatedStatement, [scannerVersion, limit]),
    listBaselines: (workspaceId, installId) => query<Baseline>(baselinesStatement, [workspaceId, installId]),
    async saveBaselines(workspaceId, { installId, label }, baselines) {
      const names = baselines.map(({ name }) => name)
      const hashes = baselines.map(({ contentHash }) => contentHash)
      await query(saveBaselinesStatement, [workspaceId, installId, label, names, hashes, new Date(now())])
    },
    readCatalogue: (workspaceId, after) => readCatalogue(database, workspaceId, after),
    readCatalogueSkills: (workspaceId, skillIds) => readCatalogueSkills(database, workspaceId, skillIds),
    findCandidates: (workspaceId, request, limit) => findCandidates(database, workspaceId, request, limit),
    changesSince: (workspaceId, epoch) => readChanges(database, workspaceId, epoch),
    epochsOf: (workspaceIds) => readEpochs(database, workspaceIds),
  }
}

type Query = <Row extends object>(text: string, values: unknown[]) => Promise<Row[]>

/** A name beats the slug of another skill, an id beats both. */
const findStatement = `${selectSkills}
  AND s.workspace_id = $1 AND (s.id = $3::uuid OR s.name = $2 OR s.url_slug = $2)
  ORDER BY (s.id IS NOT DISTINCT FROM $3::uuid) DESC, (s.name = $2) DESC LIMIT 1`

const hashesStatement = `
  SELECT s.name, v.content_hash AS "contentHash", v.version_number AS "versionNumber"
  FROM skills AS s JOIN skill_versions AS v ON v.id = s.served_version_id
  WHERE s.workspace_id = $1 AND s.deleted_at IS NULL ORDER BY s.name`

const exceptionsStatement = `
  SELECT check_name AS check, author, reason, (extract(epoch FROM expires_at) * 1000)::float8 AS "expiresAt"
  FROM skill_scan_exceptions WHERE workspace_id = $1 AND tree_digest = $2`

const saveExceptionStatement = `
  INSERT INTO skill_scan_exceptions (workspace_id, tree_digest, check_name, author, reason, expires_at, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (workspace_id, tree_digest, check_name)
  DO UPDATE SET author = excluded.author, reason = excluded.reason, expires_at = excluded.expires_at`

const outdatedStatement = `
  SELECT s.workspace_id AS "workspaceId", s.id AS "skillId", v.id AS "versionId"
  FROM skill_versions AS v JOIN skills AS s ON s.id = v.skill_id
  WHERE v.scanner_version IS DISTINCT FROM $1 AND v.deleted_at IS NULL AND s.deleted_at IS NULL
  ORDER BY v.id LIMIT $2`

const baselinesStatement = `
  SELECT name, content_hash AS "contentHash" FROM skill_installs WHERE workspace_id = $1 AND install_id = $2`

const saveBaselinesStatement = `
  INSERT INTO skill_installs (workspace_id, install_id, label, name, content_hash, synced_at)
  SELECT $1, $2, $3, name, hash, $6 FROM unnest($4::text[], $5::text[]) AS given (name, hash)
  ON CONFLICT (workspace_id, install_id, name) DO UPDATE
  SET label = coalesce(excluded.label, skill_installs.label), content_hash = excluded.content_hash,
    synced_at = excluded.synced_at`

/** Owners see all versions of a skill; who links it, the safe ones up to the one that is served. */
const visibleVersion = `(NOT s.is_linked OR (NOT v.is_quarantined AND v.safety_status <> 'blocked' AND
  v.version_number <= (SELECT version_number FROM skill_versions WHERE id = s.served_version_id)))`

/** Living versions of a living skill; `$columns` stands for more columns. */
const versionsOf = `
  SELECT ${versionJson('v')} AS version$columns
  FROM workspace_skills AS s JOIN skill_versions AS v ON v.skill_id = s.id
  WHERE s.workspace_id = $1 AND s.id = $2 AND s.deleted_at IS NULL AND v.deleted_at IS NULL AND ${visibleVersion}`

const versionNumbersStatement = `
  SELECT s.id AS "skillId", v.content_hash AS "contentHash", max(v.version_number) AS "versionNumber"
  FROM workspace_skills AS s JOIN skill_versions AS v ON v.skill_id = s.id
  WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND v.deleted_at IS NULL AND ${visibleVersion}
    AND s.id = ANY ($2::uuid[])
  GROUP BY s.id, v.content_hash`

const deleteVersionStatement = `
  UPDATE skill_versions AS v SET deleted_at = $4 FROM skills AS s
  WHERE s.workspace_id = $1 AND s.id = $2 AND v.skill_id = s.id AND v.id = $3 AND v.deleted_at IS NULL`

const newestStatement = `
  UPDATE skills SET
    latest_version_id = coalesce((SELECT v.id FROM skill_versions AS v
      WHERE v.skill_id = skills.id AND v.deleted_at IS NULL ORDER BY v.version_number DESC LIMIT 1),
      latest_version_id),
    default_version_id = (SELECT v.id FROM skill_versions AS v
      WHERE v.id = skills.default_version_id AND v.deleted_at IS NULL)
  WHERE workspace_id = $1 AND id = $2`

function selectVersion(selector: VersionSelector): readonly [condition: string, value: unknown] {
  if ('versionNumber' in selector) return ['v.version_number = $3', selector.versionNumber]
  if ('versionId' in selector)
    return ['v.id = $3::uuid', isUuid(selector.versionId) ? selector.versionId : null]
  if ('createdAtMicros' in selector) return ['v.created_at_us = $3', selector.createdAtMicros]
  if ('contentHash' in selector) return ['v.content_hash = $3', selector.contentHash]
  return ['v.tree_digest = $3', selector.treeDigest]
}

async function listSkills(query: Query, workspaceId: string, wanted: SkillQuery): Promise<SkillPage> {
  const { category, stability, text, names, safety = 'served', order = 'name', limit, after } = wanted
  const before = wanted.before ?? null
  const isBackward = before !== null
  const isDescending = (order === 'newest') !== isBackward
  const direction = isDescending ? 'DESC' : 'ASC'
  const rows = await query<FoundSkill>(
    `${selectSkills} AND s.workspace_id = $1
       AND ($2::text IS NULL OR lower(s.category) = lower($2))
       AND ($3::text IS NULL OR s.stability = $3)
       AND ($4::text IS NULL OR strpos(lower(s.name || ' ' || s.description), lower($4)) > 0)
       AND ($5::text[] IS NULL OR s.name = ANY ($5))
       AND ($6::text IS NULL OR ${positionOf[order]} ${isDescending ? '<' : '>'} ${cursorOf[order]})
       AND ($7 = 'all' OR (s.served_version_id IS NULL) = ($7 = 'quarantined'))
     ORDER BY ${order === 'name' ? '' : `s.created_at ${direction}, `}s.name ${direction} LIMIT $8`,
    [
      workspaceId,
      category ?? null,
      stability ?? null,
      text ?? null,
      names ?? null,
      before ?? after,
      safety,
      limit + 1,
    ],
  )
  const skills = rows.slice(0, limit).map(toSkill)
  return { skills: isBackward ? skills.reverse() : skills, hasMore: rows.length > limit }
}

const byTime = '(s.created_at, s.name)'
/** Where the skill stands that a page ended with; one that is deleted meanwhile still tells. */
const timeCursor = `(SELECT c.created_at, c.name FROM workspace_skills AS c WHERE c.workspace_id = $1 AND c.name = $6
  ORDER BY c.deleted_at DESC NULLS FIRST LIMIT 1)`
const positionOf = { name: 's.name', oldest: byTime, newest: byTime } as const
const cursorOf = { name: '$6', oldest: timeCursor, newest: timeCursor } as const

async function readFiles(
  query: Query,
  workspaceId: string,
  versionId: string,
  paths: readonly string[],
): Promise<readonly (Uint8Array | null)[]> {
  const rows = await query<{ path: string; content: Buffer }>(
    `SELECT f.path, b.content
     FROM skill_files AS f
     JOIN skill_versions AS v ON v.id = f.version_id
     JOIN workspace_skills AS s ON s.id = v.skill_id
     JOIN skill_blobs AS b ON b.digest = f.digest
     WHERE s.workspace_id = $1 AND v.id = $2 AND f.path = ANY ($3) AND ${visibleVersion}
     ORDER BY f.path, b.part`,
    [workspaceId, versionId, paths],
  )
  const parts = new Map<string, Buffer[]>()
  for (const { path, content } of rows) parts.set(path, [...(parts.get(path) ?? []), content])
  return paths.map((path) => {
    const found = parts.get(path)
    return found === undefined ? null : Buffer.concat(found)
  })
}
