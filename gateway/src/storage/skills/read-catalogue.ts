import type {
  CatalogueAttachment,
  CatalogueChanges,
  CataloguePage,
  CataloguePin,
  CatalogueSkill,
} from '../../skills/catalogue.ts'
import type { SafetyStatus } from '../../skills/skill.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

/** Skills in a page: its rows are read from the wire in one go, which stops the event loop as long as it takes. */
const pageSize = 500
/** The largest file whose text comes with it. */
const inlineBytes = 16_384
/** Of the end of a request. */
const maxWords = 64

interface CatalogueRow {
  readonly id: string
  readonly name: string
  readonly url_slug: string
  readonly display_name: string | null
  readonly description: string
  readonly category: string | null
  readonly tags: readonly string[]
  readonly trigger_phrases: readonly string[]
  readonly offer_scope: CatalogueSkill['offerScope']
  readonly version_id: string
  readonly version_number: number
  readonly content_hash: string
  readonly skill_md: string
  readonly body_start: number
  readonly body_end: number
  readonly safety_status: SafetyStatus
  /** Null where there are none, as most skills have it. */
  readonly files: readonly CatalogueFile[] | null
  readonly assignments: readonly Assignment[] | null
}

/** An agent the skill is assigned to, and the version it is held to, if that may be served. */
interface Assignment {
  readonly agent: string
  readonly version_id: string | null
  readonly version_number: number | null
  readonly content_hash: string | null
}

interface CatalogueFile {
  readonly path: string
  readonly content_type: string
  readonly size_bytes: number
  readonly text: string | null
}

const eligible = 's.deleted_at IS NULL AND s.is_active AND s.served_version_id IS NOT NULL'

/** Whether there are files and agents is asked first: to find out that a list is empty takes three times as long. */
const selectEligible = `
  SELECT s.id, s.name, s.url_slug, s.display_name, s.description, s.category, s.tags, s.trigger_phrases,
    s.offer_scope, v.id AS version_id, v.version_number, v.content_hash, v.skill_md, v.body_start, v.body_end,
    v.safety_status,
    CASE WHEN EXISTS (SELECT FROM skill_files AS f WHERE f.version_id = v.id) THEN (
      SELECT json_agg(json_build_object('path', f.path, 'content_type', f.content_type,
        'size_bytes', f.size_bytes, 'text', CASE WHEN f.is_text AND f.size_bytes <= ${inlineBytes}
          THEN convert_from(b.content, 'UTF8') END) ORDER BY f.path)
      FROM skill_files AS f LEFT JOIN skill_blobs AS b ON b.digest = f.digest AND b.part = 0
      WHERE f.version_id = v.id) END AS files,
    CASE WHEN EXISTS (SELECT FROM agent_skills AS a WHERE a.workspace_id = s.workspace_id AND a.skill_id = s.id) THEN (
      SELECT json_agg(json_build_object('agent', a.agent_name, 'version_id', p.id,
        'version_number', p.version_number, 'content_hash', p.content_hash) ORDER BY a.agent_name)
      FROM agent_skills AS a
      LEFT JOIN skill_versions AS p ON p.id = a.pinned_version_id AND p.deleted_at IS NULL AND NOT p.is_quarantined
      WHERE a.workspace_id = s.workspace_id AND a.skill_id = s.id) END AS assignments
  FROM workspace_skills AS s JOIN skill_versions AS v ON v.id = s.served_version_id
  WHERE s.workspace_id = $1 AND ${eligible}`

/** One page of the eligible skills, by name. */
export async function readCatalogue(
  database: Database,
  workspaceId: string,
  after: string | null,
): Promise<CataloguePage> {
  const [epoch = 0] = await readEpochs(database, [workspaceId])
  const text = `${selectEligible} AND ($2::text IS NULL OR s.name > $2) ORDER BY s.name LIMIT ${pageSize}`
  const { rows } = await guardQuery(database.pool.query<CatalogueRow>(text, [workspaceId, after]))
  const next = rows.length < pageSize ? null : (rows.at(-1)?.name ?? null)
  return { epoch, skills: rows.map(toCatalogueSkill), next }
}

export async function readCatalogueSkills(
  database: Database,
  workspaceId: string,
  skillIds: readonly string[],
): Promise<readonly CatalogueSkill[]> {
  const text = `${selectEligible} AND s.id = ANY ($2::uuid[])`
  const { rows } = await guardQuery(database.pool.query<CatalogueRow>(text, [workspaceId, skillIds]))
  return rows.map(toCatalogueSkill)
}

/** What full-text search finds for any of the words, which is what can be had before an index is in memory. */
export async function findCandidates(
  database: Database,
  workspaceId: string,
  request: string,
  limit: number,
): Promise<readonly CatalogueSkill[]> {
  const words = [...new Set(request.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].slice(-maxWords)
  const text = `${selectEligible} AND ($2 = '' OR s.search_document @@ to_tsquery('simple', $2))
    ORDER BY CASE WHEN $2 = '' THEN 0 ELSE ts_rank(s.search_document, to_tsquery('simple', $2)) END DESC, s.name
    LIMIT $3`
  const values = [workspaceId, words.join(' | '), limit]
  const { rows } = await guardQuery(database.pool.query<CatalogueRow>(text, values))
  return rows.map(toCatalogueSkill)
}

/** What changed behind an epoch. What is written while this reads may come again with the next call. */
export async function readChanges(
  database: Database,
  workspaceId: string,
  epoch: number,
): Promise<CatalogueChanges> {
  const [current = 0] = await readEpochs(database, [workspaceId])
  if (current === epoch) return { workspaceId, epoch, changed: [], removed: [] }
  const changed = await guardQuery(
    database.pool.query<CatalogueRow>(`${selectEligible} AND s.changed_epoch > $2 ORDER BY s.name`, [
      workspaceId,
      epoch,
    ]),
  )
  const removed = await guardQuery(
    database.pool.query<{ id: string }>(
      `SELECT s.id FROM workspace_skills AS s WHERE s.workspace_id = $1 AND s.changed_epoch > $2 AND NOT (${eligible})`,
      [workspaceId, epoch],
    ),
  )
  return {
    workspaceId,
    epoch: current,
    changed: changed.rows.map(toCatalogueSkill),
    removed: removed.rows.map(({ id }) => id),
  }
}

export async function readEpochs(
  database: Database,
  workspaceIds: readonly string[],
): Promise<readonly number[]> {
  const { rows } = await guardQuery(
    database.pool.query<{ workspace_id: string; epoch: string }>(
      'SELECT workspace_id, epoch FROM skill_workspaces WHERE workspace_id = ANY ($1)',
      [workspaceIds],
    ),
  )
  const epochs = new Map(rows.map(({ workspace_id, epoch }) => [workspace_id, Number(epoch)]))
  return workspaceIds.map((workspaceId) => epochs.get(workspaceId) ?? 0)
}

function toCatalogueSkill(row: CatalogueRow): CatalogueSkill {
  const { files, assignments } = row
  return {
    skillId: row.id,
    name: row.name,
    urlSlug: row.url_slug,
    displayName: row.display_name,
    description: row.description,
    category: row.category,
    tags: row.tags,
    triggerPhrases: row.trigger_phrases,
    offerScope: row.offer_scope,
    versionId: row.version_id,
    versionNumber: row.version_number,
    contentHash: row.content_hash,
    body: row.skill_md.slice(row.body_start, row.body_end),
    attachments: files?.map(toAttachment) ?? none,
    assignedAgents: assignments?.map(({ agent }) => agent) ?? none,
    pins: assignments?.flatMap(toPin) ?? none,
    safetyStatus: row.safety_status,
  }
}

const none: readonly never[] = Object.freeze([])

function toPin({ agent, version_id, version_number, content_hash }: Assignment): CataloguePin[] {
  if (version_id === null || version_number === null || content_hash === null) return []
  return [{ agent, versionId: version_id, versionNumber: version_number, contentHash: content_hash }]
}

function toAttachment({ path, content_type, size_bytes, text }: CatalogueFile): CatalogueAttachment {
  const slash = path.indexOf('/')
  return {
    filePath: path,
    directory: slash === -1 ? '' : path.slice(0, slash),
    contentType: content_type,
    sizeBytes: size_bytes,
    ...(text === null ? {} : { contentText: text }),
  }
}
