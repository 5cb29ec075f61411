import type { RegistryStore } from '../registry/registry-store.ts'
import type { Skill } from '../skill.ts'
import type { SkillStore, VersionSelector, VersionText } from '../skill-store.ts'
import type { RenderedSkill } from './render-folder.ts'

export interface InstallStores {
  readonly skills: SkillStore
  readonly registry: RegistryStore
}

/** One version of a skill that somebody may install. */
export interface Installable {
  readonly skill: Pick<Skill, 'skillId' | 'name' | 'urlSlug' | 'category' | 'invocation'>
  /** The workspace whose store has it. */
  readonly workspaceId: string
  readonly relationship: 'owned' | 'used' | 'public'
  readonly version: VersionText
  readonly latest: { readonly versionId: string; readonly versionNumber: number }
}

/** Why there is none. */
export interface NotInstallable {
  readonly code: 'not_found' | 'blocked' | 'version_unsafe'
  readonly message: string
}

export interface Wanted {
  readonly reference: string
  /** Null for the one that is served. */
  readonly version: VersionSelector | null
}

/** A skill of the workspace, else a public one; a null workspace sees public ones alone. */
export async function findInstallable(
  stores: InstallStores,
  workspaceId: string | null,
  { reference, version }: Wanted,
): Promise<Installable | NotInstallable> {
  const own = workspaceId === null ? null : await stores.skills.find(workspaceId, reference)
  const found = own === null ? await findPublic(stores, reference) : fromWorkspace(own)
  if (found === null) return { code: 'not_found', message: `There is no skill ${JSON.stringify(reference)}.` }
  const { skill, latest } = found
  if (latest === null)
    return { code: 'blocked', message: `The safety scan holds every version of ${skill.name} back.` }
  const selector = version ?? { versionId: latest.versionId }
  const text = await stores.skills.readVersion(found.workspaceId, skill.skillId, selector)
  if (text === null) return { code: 'not_found', message: `The skill ${skill.name} has no such version.` }
  if (text.isQuarantined || text.safetyStatus === 'blocked')
    return {
      code: 'version_unsafe',
      message: `The safety scan holds version ${text.versionNumber} of ${skill.name} back.`,
    }
  return { ...found, latest, version: text }
}

export const isInstallable = (found: Installable | NotInstallable): found is Installable => 'skill' in found

/** With the bytes of its files. */
export async function readRendered(
  { skills }: Pick<InstallStores, 'skills'>,
  { skill, workspaceId, version }: Installable,
): Promise<RenderedSkill> {
  const paths = version.files.map(({ path }) => path)
  const contents = await skills.readFiles(workspaceId, version.versionId, paths)
  const files = version.files.map((file, index) => ({
    ...file,
    content: contents[index] ?? new Uint8Array(),
  }))
  return { ...skill, version, files }
}

type Found = Omit<Installable, 'version' | 'latest'> & { readonly latest: Installable['latest'] | null }

function fromWorkspace(skill: Skill): Found {
  const { workspaceId, isLinked, served } = skill
  return { skill, workspaceId, relationship: isLinked ? 'used' : 'owned', latest: served }
}

async function findPublic({ registry }: InstallStores, reference: string): Promise<Found | null> {
  const entry = await registry.find(reference)
  if (entry === null) return null
  const { workspaceId, versionId, versionNumber } = entry
  const skill = { ...entry, invocation: null }
  return { skill, workspaceId, relationship: 'public', latest: { versionId, versionNumber } }
}
