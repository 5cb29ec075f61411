import { GatewayError } from '@routeiq/contract'
import { formatBodyRecord } from '../body-record.ts'
import type { SkillStore } from '../skill-store.ts'
import { readSafeVersion } from './read-skill.ts'
import { noSuchSkill, requireSkill } from './skill-context.ts'

/** `GET /skills/{skill}/body`: a named version, else the one that is served. */
export async function showBody(
  store: SkillStore,
  workspaceId: string,
  reference: string,
  query: URLSearchParams,
): Promise<object> {
  const skill = await requireSkill(store, workspaceId, reference)
  if (!skill.isActive || skill.served === null) throw noSuchSkill(reference)
  const version = await readSafeVersion(store, workspaceId, skill, query.get('version') ?? 'latest')
  const attachments = version.files.map(({ path, sizeBytes }) => ({
    filePath: path,
    directory: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    sizeBytes,
  }))
  const { skillId, name } = skill
  return formatBodyRecord({ ...version, skillId, name, attachments }, readMaxChars(query.get('max_chars')))
}

function readMaxChars(text: string | null): number | null {
  if (text === null || text === '') return null
  const maxChars = Number(text)
  if (Number.isInteger(maxChars) && maxChars >= 1) return maxChars
  throw new GatewayError('invalid_request', 'max_chars must be a whole number from 1 on.', {
    param: 'max_chars',
  })
}
