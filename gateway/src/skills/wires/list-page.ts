import type { Skill } from '../skill.ts'
import type { SkillQuery, SkillStore } from '../skill-store.ts'
import { readSkillReference } from './skill-ids.ts'
import type { SkillDialect } from './wire-dialect.ts'

const defaultLimit = 20
const maxLimit = 100

export interface PageWanted {
  readonly limit: number
  /** The cursor of the page before, or a plain number as an offset. */
  readonly page: string | null
  /** The id the page before ended with. */
  readonly after: string | null
  /** The id the page behind begins with. */
  readonly before: string | null
}

export function readPage(query: URLSearchParams): PageWanted {
  const limit = Number(query.get('limit') ?? defaultLimit)
  return {
    limit: Number.isInteger(limit) && limit >= 1 ? Math.min(limit, maxLimit) : defaultLimit,
    page: query.get('page'),
    after: query.get('after') ?? query.get('after_id'),
    before: query.get('before') ?? query.get('before_id'),
  }
}

/** By name for Anthropic's clients; for OpenAI's by time, the newest first unless `order` is `asc`. */
export function readOrder(dialect: SkillDialect, query: URLSearchParams): NonNullable<SkillQuery['order']> {
  const order = query.get('order')
  if (order === 'asc') return 'oldest'
  return order === 'desc' || dialect === 'openai' ? 'newest' : 'name'
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly hasMore: boolean
  /** Leads to the next page; null at the end, and on a page that was asked for from behind. */
  readonly next: string | null
}

/** One page of skills, and what leads to the next. */
export async function listPage(
  store: SkillStore,
  workspaceId: string,
  { limit, page, after, before }: PageWanted,
  order: NonNullable<SkillQuery['order']>,
): Promise<Page<Skill>> {
  const nameOf = async (id: string): Promise<string | null> =>
    (await store.find(workspaceId, readSkillReference(id)))?.name ?? null
  if (before !== null && after === null) {
    const found = await store.list(workspaceId, { limit, order, after: null, before: await nameOf(before) })
    return { items: found.skills, hasMore: found.hasMore, next: null }
  }
  const offset = page !== null && /^\d{1,6}$/.test(page) ? Number(page) : 0
  const start = after === null ? readCursor(page) : await nameOf(after)
  const found = await store.list(workspaceId, { limit: limit + offset, order, after: start })
  const items = found.skills.slice(offset)
  const last = items.at(-1)
  const next =
    found.hasMore && last !== undefined ? `n_${Buffer.from(last.name).toString('base64url')}` : null
  return { items, hasMore: next !== null, next }
}

/** One page of rows that are all there, each with its id. */
export function cutPage<Row extends object>(
  rows: readonly Row[],
  { limit, page, after, before }: PageWanted,
): Page<Row> {
  const indexOf = (id: string): number => rows.findIndex((row) => 'id' in row && row.id === id)
  if (before !== null && after === null) {
    const end = Math.max(0, indexOf(before))
    const items = rows.slice(Math.max(0, end - limit), end)
    return { items, hasMore: end > limit, next: null }
  }
  const start = after === null ? Number(page ?? 0) || 0 : indexOf(after) + 1
  const items = rows.slice(start, start + limit)
  const hasMore = start + limit < rows.length
  return { items, hasMore, next: hasMore ? String(start + limit) : null }
}

function readCursor(page: string | null): string | null {
  return page?.startsWith('n_') === true
    ? Buffer.from(page.slice(2), 'base64url').toString('utf8').replaceAll('\0', '')
    : null
}
