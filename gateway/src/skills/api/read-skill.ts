import { GatewayError } from '@routeiq/contract'
import { isUuid } from '../../uuid.ts'
import type { Skill } from '../skill.ts'
import type { SkillStore, VersionSelector, VersionText } from '../skill-store.ts'
import { requireSkill } from './skill-context.ts'
import { formatSkill, formatVersion } from './skill-row.ts'

/** `GET /skills/{skill}`: what is served of it. */
export async function showSkill(store: SkillStore, workspaceId: string, reference: string): Promise<object> {
  const skill = await requireSkill(store, workspaceId, reference)
  const served = await readServed(store, workspaceId, skill)
  return formatSkill(skill, served?.body ?? '')
}

export async function readServed(
  store: SkillStore,
  workspaceId: string,
  skill: Skill,
): Promise<VersionText | null> {
  if (skill.served === null) return null
  return store.readVersion(workspaceId, skill.skillId, { versionId: skill.served.versionId })
}

/** `GET /skills/{skill}/versions`, without those in quarantine. */
export async function showVersions(
  store: SkillStore,
  workspaceId: string,
  reference: string,
): Promise<object> {
  const { skillId, name } = await requireSkill(store, workspaceId, reference)
  const versions = await store.listVersions(workspaceId, skillId)
  const safe = versions.filter(({ isQuarantined }) => !isQuarantined)
  return { skill_name: name, versions: safe.map(formatVersion) }
}

/** `GET /skills/{skill}/versions/{n}`; also takes a version id or `latest`. */
export async function showVersion(
  store: SkillStore,
  workspaceId: string,
  reference: string,
  spelling: string,
): Promise<object> {
  const skill = await requireSkill(store, workspaceId, reference)
  const version = await readSafeVersion(store, workspaceId, skill, spelling)
  const { versionNumber, body, contentHash } = version
  return {
    skill_name: skill.name,
    version_number: versionNumber,
    body_markdown: body,
    content_hash: contentHash,
    ...formatVersion(version),
  }
}

/** A version by number, id, content hash or `latest`. Errors: 404, also for one in quarantine. */
async function readSafeVersion(
  store: SkillStore,
  workspaceId: string,
  { skillId, name, served }: Skill,
  spelling: string,
): Promise<VersionText> {
  const selector =
    spelling === 'latest' ? (served === null ? null : { versionId: served.versionId }) : select(spelling)
  const version = selector === null ? null : await store.readVersion(workspaceId, skillId, selector)
  if (version !== null && !version.isQuarantined) return version
  const reason = version === null ? 'was not found' : 'is quarantined by the safety scan'
  throw new GatewayError('not_found', `Version ${spelling} of ${name} ${reason}.`, { param: 'version' })
}

function select(spelling: string): VersionSelector | null {
  const versionNumber = Number(spelling)
  if (/^\d{1,9}$/.test(spelling)) return { versionNumber }
  if (isUuid(spelling)) return { versionId: spelling }
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(spelling) ? { contentHash: spelling.slice(-64) } : null
}

/** `GET /skills/hashes`. */
export async function showHashes(store: SkillStore, workspaceId: string): Promise<object> {
  const rows = await store.listHashes(workspaceId)
  const hashes = rows.map(({ name, contentHash, versionNumber }) => [
    name,
    { hash: contentHash, version: versionNumber },
  ])
  return { hashes: Object.fromEntries(hashes) }
}
