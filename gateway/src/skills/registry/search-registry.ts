import { GatewayError } from '@routeiq/contract'
import { formatEntry } from './format-entry.ts'
import type { RegistryRoutesDependencies, Visit } from './registry-context.ts'
import { formatCursor, readCursor } from './registry-position.ts'
import { type RegistrySort, registrySorts } from './registry-store.ts'

const defaultLimit = 20
const maxLimit = 100
const maxWords = 500

/** `GET /registry/skills`. Never fuzzy: `exact_name` finds that one skill or none. */
export async function searchRegistry(
  { registry }: Pick<RegistryRoutesDependencies, 'registry'>,
  { query, workspaceId }: Pick<Visit, 'query' | 'workspaceId'>,
): Promise<object> {
  const sort = readSort(query.get('sort') ?? 'effectiveness')
  const page = await registry.search({
    text: (query.get('q') ?? '').slice(0, maxWords),
    exactName: query.get('exact_name'),
    category: textOf(query, 'category'),
    tags: (query.get('tags') ?? '').split(',').filter((tag) => tag !== ''),
    badge: textOf(query, 'badge'),
    measuredOnly: query.get('measured') === 'only',
    sort,
    limit: readLimit(query.get('limit'), defaultLimit),
    after: readCursor(sort, query.get('cursor')),
  })
  const ids = page.entries.map(({ skillId }) => skillId)
  const installed =
    workspaceId === null ? new Map<string, string>() : await registry.installedAs(workspaceId, ids)
  return {
    items: page.entries.map((entry) => formatEntry(entry, installed.get(entry.skillId))),
    next_cursor: page.next === null ? null : formatCursor(sort, page.next),
    has_next: page.next !== null,
    total_hint: page.total,
  }
}

function readSort(text: string): RegistrySort {
  const sort = registrySorts.find((known) => known === text)
  if (sort !== undefined) return sort
  throw new GatewayError('invalid_request', `\`sort\` must be one of ${registrySorts.join(', ')}.`, {
    param: 'sort',
  })
}

export function readLimit(text: string | null, fallback: number): number {
  const limit = text === null ? fallback : Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit
  throw new GatewayError('invalid_request', `\`limit\` must be a whole number from 1 to ${maxLimit}.`, {
    param: 'limit',
  })
}

const textOf = (query: URLSearchParams, name: string): string | null => query.get(name) || null
