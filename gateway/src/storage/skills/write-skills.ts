import { GatewayError } from '@routeiq/contract'
import type { PoolClient } from 'pg'
import { type QuotaLimit, quotaExceeded } from '../../quotas/quota.ts'
import { slugOf } from '../../skills/skill-slug.ts'
import type { SkillDraft, WrittenSkill } from '../../skills/skill-store.ts'
import { raiseEpoch } from './epochs.ts'
import { storeBlobs } from './skill-blobs.ts'
import { type SkillRow, toVersion, type VersionRow } from './skill-rows.ts'

export interface WriteContext {
  readonly workspaceId: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly newId: () => string
  /** How many skills the workspace may have; null for as many as it likes. */
  readonly limit: QuotaLimit | null
}

/** What is known of a skill that gets another version. */
type Standing = SkillRow & {
  readonly last_number: number
  readonly last_us: string
  readonly latest_tree: string
  readonly latest: VersionRow
}

interface Planned {
  readonly skill: Omit<SkillRow, 'latest_version_id' | 'created_at' | 'updated_at'> & {
    readonly latest_version_id: string
    readonly created_at: string
    readonly updated_at: string
    readonly changed_epoch: number
  }
  readonly version: VersionRow & { readonly skill_id: string }
  readonly draft: SkillDraft
  readonly isNewVersion: boolean
}

/** Writes drafts in the transaction of `client`; a fixed number of statements, however many drafts. */
export async function writeSkills(
  client: PoolClient,
  context: WriteContext,
  drafts: readonly SkillDraft[],
): Promise<readonly WrittenSkill[]> {
  const epoch = await raiseEpoch(client, context.workspaceId)
  const standing = await findStanding(client, context.workspaceId, drafts)
  await requireRoom(client, context, drafts)
  const plans = drafts.map((draft) => plan(draft, standing, context, epoch))
  await upsertSkills(client, plans)
  const written = plans.filter(({ isNewVersion }) => isNewVersion)
  if (written.length > 0) {
    await insertVersions(client, written)
    await insertFiles(client, written)
    await storeBlobs(
      client,
      written.flatMap(({ draft }) => draft.version.files),
    )
    await chooseServed(
      client,
      plans.map(({ skill }) => skill.id),
    )
  }
  return plans.map(({ skill, version, isNewVersion }) => ({
    skillId: skill.id,
    version: toVersion(version),
    isNewVersion,
  }))
}

/** Nobody else writes in the workspace while this counts. */
async function requireRoom(
  client: PoolClient,
  { workspaceId, limit }: WriteContext,
  drafts: readonly SkillDraft[],
): Promise<void> {
  const added = drafts.filter(({ skillId }) => skillId === null).length
  if (limit === null || added === 0) return
  const { rows } = await client.query<{ total: string }>(
    'SELECT count(*) AS total FROM skills WHERE workspace_id = $1 AND deleted_at IS NULL',
    [workspaceId],
  )
  const used = Number(rows[0]?.total ?? 0)
  if (used + added > limit.limit) throw quotaExceeded(limit, used)
}

/** Sets what is served of these skills from their default versions and what is quarantined. */
export async function chooseServed(client: PoolClient, skillIds: readonly string[]): Promise<void> {
  await client.query(
    `UPDATE skills SET served_version_id = coalesce(
       (SELECT v.id FROM skill_versions AS v
        WHERE v.id = skills.default_version_id AND NOT v.is_quarantined AND v.deleted_at IS NULL),
       (SELECT v.id FROM skill_versions AS v
        WHERE v.skill_id = skills.id AND NOT v.is_quarantined AND v.deleted_at IS NULL
        ORDER BY v.version_number DESC LIMIT 1))
     WHERE id = ANY ($1)`,
    [skillIds],
  )
}

async function findStanding(
  client: PoolClient,
  workspaceId: string,
  drafts: readonly SkillDraft[],
): Promise<ReadonlyMap<string, Standing>> {
  const ids = drafts.flatMap(({ skillId }) => (skillId === null ? [] : [skillId]))
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<Standing>(
    `SELECT s.*, v.tree_digest AS latest_tree, row_to_json(v) AS latest,
       (SELECT max(version_number) FROM skill_versions WHERE skill_id = s.id) AS last_number,
       (SELECT max(created_at_us) FROM skill_versions WHERE skill_id = s.id) AS last_us
     FROM skills AS s JOIN skill_versions AS v ON v.id = s.latest_version_id
     WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND s.id = ANY ($2)`,
    [workspaceId, ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

function plan(
  draft: SkillDraft,
  standing: ReadonlyMap<string, Standing>,
  context: WriteContext,
  epoch: number,
): Planned {
  const before = draft.skillId === null ? null : (standing.get(draft.skillId) ?? null)
  if (draft.skillId !== null && before?.latest_version_id !== draft.baseVersionId)
    throw changedMeanwhile(draft)
  const isNewVersion =
    before === null || draft.isForced === true || before.latest_tree !== draft.version.treeDigest
  const skillId = before?.id ?? context.newId()
  const version = isNewVersion
    ? newVersion(draft, before, skillId, context)
    : { ...before.latest, skill_id: skillId }
  const time = new Date(context.now).toISOString()
  const { metadata } = draft
  const skill = {
    id: skillId,
    workspace_id: context.workspaceId,
    name: before?.name ?? draft.name,
    url_slug: before?.url_slug ?? slugOf(draft.name),
    description: draft.description,
    display_name: kept(metadata.displayName, before?.display_name, null),
    category: kept(metadata.category, before?.category, null),
    tags: metadata.tags ?? before?.tags ?? [],
    trigger_phrases: metadata.triggerPhrases ?? before?.trigger_phrases ?? [],
    stability: metadata.stability ?? before?.stability ?? 'stable',
    skill_type: kept(metadata.skillType, before?.skill_type, null),
    skill_scope: kept(metadata.skillScope, before?.skill_scope, null),
    invocation: kept(metadata.invocation, before?.invocation, null),
    is_active: metadata.isActive ?? before?.is_active ?? true,
    offer_scope: metadata.offerScope ?? before?.offer_scope ?? ('workspace' as const),
    visibility: before?.visibility ?? ('workspace' as const),
    source: before?.source ?? draft.source,
    created_by: before?.created_by ?? draft.createdBy,
    eval_yaml: draft.evalYaml ?? before?.eval_yaml ?? null,
    latest_version_id: version.id,
    default_version_id: before?.default_version_id ?? null,
    changed_epoch: epoch,
    created_at: before?.created_at.toISOString() ?? time,
    updated_at: time,
  }
  return { skill, version, draft, isNewVersion }
}

const kept = <Value>(given: Value | undefined, before: Value | undefined, none: Value): Value =>
  given === undefined ? (before ?? none) : given

function changedMeanwhile({ name }: SkillDraft): GatewayError {
  return new GatewayError('conflict', `The skill ${name} was changed by somebody else; read it again.`, {
    extras: { reason: 'changed_meanwhile' },
  })
}

function newVersion(
  draft: SkillDraft,
  before: Standing | null,
  skillId: string,
  { now, newId }: WriteContext,
): VersionRow & { skill_id: string } {
  const { version, changeSummary, author, description } = draft
  return {
    id: newId(),
    skill_id: skillId,
    version_number: (before?.last_number ?? 0) + 1,
    tree_digest: version.treeDigest,
    content_hash: version.contentHash,
    description,
    change_summary: changeSummary,
    author,
    created_at_us: Math.max(now * 1000, Number(before?.last_us ?? 0) + 1),
    safety_status: version.scan.status,
    is_quarantined: version.scan.isQuarantined,
  }
}

async function upsertSkills(client: PoolClient, plans: readonly Planned[]): Promise<void> {
  const columns = Object.keys(plans[0]?.skill ?? {})
  const changes = columns
    .filter((column) => column !== 'id')
    .map((column) => `${column} = excluded.${column}`)
  await client.query(
    `INSERT INTO skills (${columns.join(', ')})
     SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::skills, $1::json)
     ON CONFLICT (id) DO UPDATE SET ${changes.join(', ')}`,
    [JSON.stringify(plans.map(({ skill }) => skill))],
  )
}

async function insertVersions(client: PoolClient, plans: readonly Planned[]): Promise<void> {
  const rows = plans.map(({ version, draft }) => ({
    ...version,
    skill_md: draft.version.skillMd,
    body_start: draft.version.bodyStart,
    body_end: draft.version.bodyEnd,
    scanner_version: draft.version.scan.scannerVersion,
    scan: draft.version.scan.result,
  }))
  const columns = Object.keys(rows[0] ?? {}).join(', ')
  await client.query(
    `INSERT INTO skill_versions (${columns})
     SELECT ${columns} FROM json_populate_recordset(NULL::skill_versions, $1::json)`,
    [JSON.stringify(rows)],
  )
}

async function insertFiles(client: PoolClient, plans: readonly Planned[]): Promise<void> {
  const rows = plans.flatMap(({ version, draft }) =>
    draft.version.files.map((file) => ({
      version_id: version.id,
      path: file.path,
      digest: file.digest,
      size_bytes: file.sizeBytes,
      content_type: file.contentType,
      is_text: file.isText,
      is_executable: file.isExecutable,
    })),
  )
  if (rows.length === 0) return
  await client.query(
    'INSERT INTO skill_files SELECT * FROM json_populate_recordset(NULL::skill_files, $1::json)',
    [JSON.stringify(rows)],
  )
}
