import type { RegistryDetail, RegistryEntry } from '../../skills/registry/registry-store.ts'
import type { SafetyStatus } from '../../skills/skill.ts'
import { type FileRow, filesJson, toFile } from '../skills/skill-rows.ts'

/** A public entry as it is stored, with the version it serves. */
export interface EntryRow {
  readonly skill_id: string
  readonly workspace_id: string
  readonly name: string
  readonly url_slug: string
  readonly display_name: string | null
  readonly description: string
  readonly category: string
  readonly tags: readonly string[]
  readonly badge: string
  readonly author_display_name: string | null
  readonly source: string
  readonly published_at: Date
  readonly version_id: string
  readonly version_number: number
  readonly content_hash: string
  readonly safety_status: SafetyStatus
  readonly skill_score: number | null
  readonly score_components: unknown
  readonly pass_rate: number | null
  readonly effectiveness: number | null
  readonly trend: string | null
  readonly by_model: unknown
  readonly improvement_pts: number | null
  readonly tokens_delta_pct: number | null
  readonly turns_delta_pct: number | null
  readonly lift: number | null
  readonly activations_30d: string
  readonly install_count: string
  readonly rating_avg: number | null
  readonly rating_count: string
}

export type DetailRow = EntryRow & {
  readonly skill_md: string
  readonly body_start: number
  readonly body_end: number
  readonly eval_yaml: string | null
  readonly scan: Readonly<Record<string, unknown>> | null
  readonly files: readonly FileRow[]
}

const columns = `r.*, s.display_name, s.description, s.source, v.id AS version_id, v.version_number, v.content_hash,
  v.safety_status`

/** Skills anybody may see; conditions follow. */
const from = `
  FROM registry_entries AS r
  JOIN skills AS s ON s.id = r.skill_id
  JOIN skill_versions AS v ON v.id = s.served_version_id
  WHERE r.unpublished_at IS NULL AND s.deleted_at IS NULL AND s.is_active AND v.safety_status <> 'blocked'`

export const selectEntries = `SELECT ${columns} ${from}`
export const countEntries = `SELECT count(*) AS total ${from}`
export const selectDetail = `
  SELECT ${columns}, v.skill_md, v.body_start, v.body_end, v.scan, s.eval_yaml, ${filesJson('v.id')} AS files ${from}`

export function toEntry(row: EntryRow): RegistryEntry {
  return {
    skillId: row.skill_id,
    workspaceId: row.workspace_id,
    name: row.name,
    urlSlug: row.url_slug,
    displayName: row.display_name,
    description: row.description,
    category: row.category,
    tags: row.tags,
    badge: row.badge,
    authorDisplayName: row.author_display_name,
    source: row.source,
    publishedAt: row.published_at.getTime(),
    versionId: row.version_id,
    versionNumber: row.version_number,
    contentHash: row.content_hash,
    safetyStatus: row.safety_status,
    standing: {
      skillScore: row.skill_score,
      scoreComponents: row.score_components,
      passRate: row.pass_rate,
      effectiveness: row.effectiveness,
      trend: row.trend,
      byModel: row.by_model,
      improvementPts: row.improvement_pts,
      tokensDeltaPct: row.tokens_delta_pct,
      turnsDeltaPct: row.turns_delta_pct,
      lift: row.lift,
      activations30d: Number(row.activations_30d),
      installCount: Number(row.install_count),
      ratingAvg: row.rating_avg,
      ratingCount: Number(row.rating_count),
    },
  }
}

export function toDetail(row: DetailRow): RegistryDetail {
  return {
    ...toEntry(row),
    body: row.skill_md.slice(row.body_start, row.body_end),
    skillMd: row.skill_md,
    files: row.files.map(toFile),
    evalYaml: row.eval_yaml,
    scan: row.scan,
  }
}
