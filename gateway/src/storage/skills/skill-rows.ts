import type { Skill, SkillFile, SkillVersion } from '../../skills/skill.ts'
import type { VersionText } from '../../skills/skill-store.ts'

/** `skills` as it is stored, with the two versions that matter beside it. */
export interface SkillRow {
  readonly id: string
  readonly workspace_id: string
  readonly name: string
  readonly url_slug: string
  readonly display_name: string | null
  readonly description: string
  readonly category: string | null
  readonly tags: readonly string[]
  readonly trigger_phrases: readonly string[]
  readonly stability: string
  readonly skill_type: string | null
  readonly skill_scope: string | null
  readonly invocation: string | null
  readonly is_active: boolean
  readonly offer_scope: Skill['offerScope']
  readonly visibility: Skill['visibility']
  readonly source: string
  readonly created_by: string | null
  readonly eval_yaml: string | null
  readonly latest_version_id: string
  readonly default_version_id: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

export interface VersionRow {
  readonly id: string
  readonly version_number: number
  readonly tree_digest: string
  readonly content_hash: string
  readonly description: string
  readonly change_summary: string | null
  readonly author: string | null
  readonly created_at_us: number
  readonly safety_status: SkillVersion['safetyStatus']
  readonly is_quarantined: boolean
}

export type FoundSkill = SkillRow & {
  readonly is_linked: boolean
  readonly latest: VersionRow
  readonly served: VersionRow | null
}

/** A file as `json_agg` gives it. */
export interface FileRow {
  readonly path: string
  readonly digest: string
  readonly size_bytes: number
  readonly content_type: string
  readonly is_text: boolean
  readonly is_executable: boolean
}

/** The columns of a version that are not its text, as one JSON value. */
export const versionJson = (alias: string): string =>
  `json_build_object('id', ${alias}.id, 'version_number', ${alias}.version_number,
    'tree_digest', ${alias}.tree_digest, 'content_hash', ${alias}.content_hash,
    'description', ${alias}.description, 'change_summary', ${alias}.change_summary, 'author', ${alias}.author,
    'created_at_us', ${alias}.created_at_us, 'safety_status', ${alias}.safety_status,
    'is_quarantined', ${alias}.is_quarantined)`

/** Living skills with their newest and their served version; conditions follow. */
export const selectSkills = `
  SELECT s.*, ${versionJson('latest')} AS latest,
    CASE WHEN served.id IS NULL THEN NULL ELSE ${versionJson('served')} END AS served
  FROM workspace_skills AS s
  JOIN skill_versions AS latest ON latest.id = s.latest_version_id
  LEFT JOIN skill_versions AS served ON served.id = s.served_version_id
  WHERE s.deleted_at IS NULL`

/** The files of a version as a JSON list, sorted by path. */
export const filesJson = (versionId: string): string =>
  `(SELECT coalesce(json_agg(json_build_object('path', f.path, 'digest', f.digest, 'size_bytes', f.size_bytes,
      'content_type', f.content_type, 'is_text', f.is_text, 'is_executable', f.is_executable)
      ORDER BY f.path), '[]'::json)
    FROM skill_files AS f WHERE f.version_id = ${versionId})`

export function toSkill(row: FoundSkill): Skill {
  return {
    skillId: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    urlSlug: row.url_slug,
    displayName: row.display_name,
    description: row.description,
    category: row.category,
    tags: row.tags,
    triggerPhrases: row.trigger_phrases,
    stability: row.stability,
    skillType: row.skill_type,
    skillScope: row.skill_scope,
    invocation: row.invocation,
    isActive: row.is_active,
    offerScope: row.offer_scope,
    visibility: row.visibility,
    source: row.source,
    createdBy: row.created_by,
    evalYaml: row.eval_yaml,
    isLinked: row.is_linked,
    latest: toVersion(row.latest),
    served: row.served === null ? null : toVersion(row.served),
    defaultVersionId: row.default_version_id,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  }
}

export function toVersion(row: VersionRow): SkillVersion {
  return {
    versionId: row.id,
    versionNumber: row.version_number,
    treeDigest: row.tree_digest,
    contentHash: row.content_hash,
    description: row.description,
    changeSummary: row.change_summary,
    author: row.author,
    createdAtMicros: Number(row.created_at_us),
    safetyStatus: row.safety_status,
    isQuarantined: row.is_quarantined,
  }
}

export interface VersionTextRow {
  readonly version: VersionRow
  readonly skill_md: string
  readonly body_start: number
  readonly body_end: number
  readonly files: readonly FileRow[]
  readonly scan: VersionText['scan']
}

export function toVersionText(row: VersionTextRow): VersionText {
  return {
    ...toVersion(row.version),
    skillMd: row.skill_md,
    body: row.skill_md.slice(row.body_start, row.body_end),
    files: row.files.map(toFile),
    scan: row.scan,
  }
}

export function toFile(row: FileRow): SkillFile {
  return {
    path: row.path,
    digest: row.digest,
    sizeBytes: row.size_bytes,
    contentType: row.content_type,
    isText: row.is_text,
    isExecutable: row.is_executable,
  }
}
