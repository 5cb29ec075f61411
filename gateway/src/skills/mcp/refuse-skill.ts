import type { Skill } from '../skill.ts'
import type { VersionText } from '../skill-store.ts'
import { isStrictName } from '../validate/skill-name.ts'
import { allFiles } from './listed-skill.ts'

const mostFiles = 512
const largestSkill = 16 * 1_048_576

/** Why a skill is no resource of MCP, whatever is in it, as admins are told; null when it may be one. */
export function refuseSkill({ name, served, isActive, offerScope }: Skill): string | null {
  if (served === null) return 'all of its versions are quarantined'
  if (!isActive) return 'it is switched off'
  if (offerScope !== 'workspace') return 'it is for certain agents alone'
  return isStrictName(name) ? null : 'MCP takes lower-case letters, digits and single hyphens in names'
}

/** Why a version is too large for one. */
export function refuseSize(version: VersionText): string | null {
  const files = allFiles(version)
  if (files.length > mostFiles) return `it has ${files.length} files, and at most ${mostFiles} are served`
  const bytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  return bytes > largestSkill ? `it has ${bytes} bytes, and at most ${largestSkill} are served` : null
}
