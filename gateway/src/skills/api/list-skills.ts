import { GatewayError } from '@routeiq/contract'
import type { SkillQuery, SkillStore } from '../skill-store.ts'
import { formatSkill } from './skill-row.ts'

const maxLimit = 1_000

/** `GET /skills`: `category`, `stability`, `q`, `limit`, `cursor`; `safety=quarantined` for those held back. */
export async function listSkills(
  store: SkillStore,
  workspaceId: string,
  query: URLSearchParams,
): Promise<object> {
  const limit = readLimit(query.get('limit'))
  const wanted: SkillQuery = {
    limit,
    after: readCursor(query.get('cursor')),
    safety: query.get('safety') === 'quarantined' ? 'quarantined' : 'served',
    ...given('category', query.get('category')),
    ...given('stability', query.get('stability')),
    ...given('text', query.get('q')),
  }
  const { skills, hasMore } = await store.list(workspaceId, wanted)
  const last = skills.at(-1)
  return {
    skills: skills.map((skill) => formatSkill(skill)),
    next_cursor: hasMore && last !== undefined ? Buffer.from(last.name).toString('base64url') : null,
  }
}

const given = (key: string, value: string | null): object =>
  value === null || value === '' ? {} : { [key]: value.replaceAll('\0', '') }

function readLimit(text: string | null): number {
  if (text === null) return 200
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1) return Math.min(limit, maxLimit)
  throw new GatewayError('invalid_request', 'limit must be a whole number from 1 on.', { param: 'limit' })
}

function readCursor(text: string | null): string | null {
  if (text === null || text === '') return null
  const name = Buffer.from(text, 'base64url').toString('utf8')
  if (name !== '' && !name.includes('\0') && Buffer.from(name).toString('base64url') === text) return name
  throw new GatewayError('invalid_request', 'The cursor is not one of this list.', { param: 'cursor' })
}
