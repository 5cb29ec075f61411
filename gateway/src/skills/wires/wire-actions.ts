import { GatewayError } from '@routeiq/contract'
import type { SkillsConfig } from '../../config/config.ts'
import { writeZip } from '../archive/write-zip.ts'
import type { Skill, SkillVersion } from '../skill.ts'
import type { SkillStore, VersionText, WrittenSkill } from '../skill-store.ts'
import { directoryOf } from '../validate/skill-name.ts'
import type { SkillWriter } from '../write/skill-writer.ts'
import { readSkillReference, readVersionReference } from './skill-ids.ts'
import type { TakenUpload } from './take-upload.ts'

export interface WireStore {
  readonly store: SkillStore
  readonly writer: SkillWriter
  readonly settings: () => SkillsConfig
}

/** Errors: 404 for an unknown id and, in the same words, for another workspace's. */
export async function requireSkill(store: SkillStore, workspaceId: string, spelt: string): Promise<Skill> {
  const skill = await store.find(workspaceId, readSkillReference(spelt))
  if (skill === null)
    throw new GatewayError('not_found', `Skill ${spelt} was not found.`, { param: 'skill_id' })
  return skill
}

export async function requireVersion(
  store: SkillStore,
  workspaceId: string,
  skill: Skill,
  spelt: string,
): Promise<VersionText> {
  const latest = skill.served === null ? null : { versionId: skill.served.versionId }
  const selector = spelt === 'latest' ? latest : readVersionReference(spelt)
  const version = selector === null ? null : await store.readVersion(workspaceId, skill.skillId, selector)
  if (version === null || version.isQuarantined)
    throw new GatewayError('not_found', `Version ${spelt} was not found.`, { param: 'version' })
  return version
}

export async function listSafeVersions(
  store: SkillStore,
  workspaceId: string,
  { skillId }: Skill,
): Promise<readonly SkillVersion[]> {
  return (await store.listVersions(workspaceId, skillId)).filter(({ isQuarantined }) => !isQuarantined)
}

/** Errors: 409 when the name is taken, 400 `safety_blocked` for what went into quarantine. */
export async function createFromUpload(
  { store, writer }: WireStore,
  workspaceId: string,
  { skill, fields }: TakenUpload,
  { author, createdBy }: { readonly author: string; readonly createdBy: string },
): Promise<Skill> {
  const { name, description, skillText, bodyStart, bodyEnd, files } = skill
  if ((await store.find(workspaceId, name))?.name === name)
    throw new GatewayError('conflict', `A skill ${name} exists already; add a version to it.`, {
      param: 'files',
    })
  const label = fields['display_name'] ?? fields['display_title'] ?? null
  const written = await writer.create(workspaceId, {
    ...{ name, description, files, author, createdBy, source: 'upload', changeSummary: null },
    text: { skillMd: skillText, bodyStart, bodyEnd },
    metadata: label === null || label === '' ? {} : { displayName: label.slice(0, 255) },
  })
  requireServable(written, name)
  return requireSkill(store, workspaceId, written.skillId)
}

/** A version from an upload of all files. Errors: 400 for another name. */
export async function addFromUpload(
  { store, writer }: WireStore,
  workspaceId: string,
  skill: Skill,
  { skill: uploaded, fields }: TakenUpload,
  { author, isForced }: { readonly author: string; readonly isForced: boolean },
): Promise<SkillVersion> {
  const { name, description, skillText, bodyStart, bodyEnd, files } = uploaded
  if (name !== directoryOf(skill.name)) {
    const message = `The skill is called ${directoryOf(skill.name)} and a version of it cannot be called ${name}.`
    throw new GatewayError('invalid_request', message, { param: 'files' })
  }
  const written = await writer.revise(workspaceId, skill, {
    ...{ description, addFiles: files, replaceFiles: true, author, changeSummary: null },
    isForced: isForced || fields['force_new_version'] === 'true',
    text: { skillMd: skillText, bodyStart, bodyEnd },
  })
  requireServable(written, skill.name)
  if (fields['default'] === 'true')
    await store.updateMetadata(workspaceId, skill.skillId, { defaultVersionId: written.version.versionId })
  return written.version
}

function requireServable({ version }: WrittenSkill, name: string): void {
  if (!version.isQuarantined) return
  const message = `The safety scan put version ${version.versionNumber} of ${name} into quarantine; an admin can see why.`
  throw new GatewayError('safety_blocked', message, { param: 'files' })
}

/** The zip of a version, its files in the skill's directory; the same bytes for the same tree, always. */
export async function zipVersion(
  store: Pick<SkillStore, 'readFiles'>,
  workspaceId: string,
  skill: Pick<Skill, 'name'>,
  version: VersionText,
): Promise<Buffer> {
  const paths = version.files.map(({ path }) => path)
  const contents = await store.readFiles(workspaceId, version.versionId, paths)
  const own = { path: 'SKILL.md', content: Buffer.from(version.skillMd), isExecutable: false }
  const others = version.files.map((file, index) => ({
    ...file,
    content: contents[index] ?? new Uint8Array(),
  }))
  const directory = directoryOf(skill.name)
  return writeZip([own, ...others].map((file) => ({ ...file, path: `${directory}/${file.path}` })))
}
