import type { Instructions } from '../functions/invoke-skill.ts'
import type { SkillStore } from '../skill-store.ts'
import { readSkillReference, readVersionReference } from './skill-ids.ts'

/** The text of a skill as invocations give it out; null for what is not there, or not to be given out. */
export async function readInstructions(
  store: Pick<SkillStore, 'find' | 'readVersion'>,
  workspaceId: string,
  name: string,
  version: string | null,
): Promise<Instructions | null> {
  const skill = await store.find(workspaceId, readSkillReference(name))
  if (skill === null) return null
  const served = skill.served === null ? null : { versionId: skill.served.versionId }
  const selector = version === null || version === 'latest' ? served : readVersionReference(version)
  const found = selector === null ? null : await store.readVersion(workspaceId, skill.skillId, selector)
  if (found === null || found.isQuarantined) return null
  const { body, contentHash, versionNumber } = found
  return { name: skill.name, body, contentHash, versionNumber }
}
