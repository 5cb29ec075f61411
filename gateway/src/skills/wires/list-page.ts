import type { Skill } from '../skill.ts'
import type { SkillStore } from '../skill-store.ts'
import { readSkillReference } from './skill-ids.ts'

const defaultLimit = 20
const maxLimit = 100

export interface PageWanted {
  readonly limit: number
  /** The cursor of the page before, or a plain number as an offset. */
  readonly page: string | null
  /** The id the page before ended with. */
  readonly after: string | null
}

export function readPage(query: URLSearchParams): PageWanted {
  const limit = Number(query.get('limit') ?? defaultLimit)
  return {
    limit: Number.isInteger(limit) && limit >= 1 ? Math.min(limit, maxLimit) : defaultLimit,
    page: query.get('page'),
    after: query.get('after') ?? query.get('after_id'),
  }
}

/** One page by name, and what leads to the next. */
export async function listPage(
  store: SkillStore,
  workspaceId: string,
  { limit, page, after }: PageWanted,
): Promise<{ readonly skills: readonly Skill[]; readonly next: string | null }> {
  const offset = page !== null && /^\d{1,6}$/.test(page) ? Number(page) : 0
  const start = after === null ? readCursor(page) : await nameOf(store, workspaceId, after)
  const found = await store.list(workspaceId, { limit: limit + offset, after: start })
  const skills = found.skills.slice(offset)
  const last = skills.at(-1)
  const next =
    found.hasMore && last !== undefined ? `n_${Buffer.from(last.name).toString('base64url')}` : null
  return { skills, next }
}

function readCursor(page: string | null): string | null {
  return page?.startsWith('n_') === true
    ? Buffer.from(page.slice(2), 'base64url').toString('utf8').replaceAll('\0', '')
    : null
}

async function nameOf(store: SkillStore, workspaceId: string, id: string): Promise<string | null> {
  return (await store.find(workspaceId, readSkillReference(id)))?.name ?? null
}
