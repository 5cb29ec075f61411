import { GatewayError } from '@routeiq/contract'
import type { RegistryRoutesDependencies, Visit } from './registry-context.ts'
import type { RegistryEntry, RegistrySort } from './registry-store.ts'
import { readLimit } from './search-registry.ts'

interface Board {
  readonly sort: RegistrySort
  readonly label: string
  readonly kind: 'score' | 'points' | 'percent' | 'rating'
  readonly read: (entry: RegistryEntry) => number | null
}

const boards: Readonly<Record<string, Board>> = {
  skill_score: {
    sort: 'effectiveness',
    label: 'SkillScore',
    kind: 'score',
    read: ({ standing }) => standing.skillScore,
  },
  biggest_improvement: {
    sort: 'biggest_improvement',
    label: 'Pass rate, points over no skill',
    kind: 'points',
    read: ({ standing }) => standing.improvementPts,
  },
  efficiency: {
    sort: 'efficiency',
    label: 'Tokens against no skill',
    kind: 'percent',
    read: ({ standing }) => standing.tokensDeltaPct,
  },
  top_rated: {
    sort: 'top_rated',
    label: 'Rating',
    kind: 'rating',
    read: ({ standing }) => standing.ratingAvg,
  },
}

/** `GET /registry/leaderboard`: public skills with a value, the best first. */
export async function showLeaderboard(
  { registry }: Pick<RegistryRoutesDependencies, 'registry'>,
  { query }: Pick<Visit, 'query'>,
): Promise<object> {
  const sort = query.get('sort') ?? 'skill_score'
  const board = Object.hasOwn(boards, sort) ? boards[sort] : undefined
  if (board === undefined) {
    throw new GatewayError('invalid_request', `\`sort\` must be one of ${Object.keys(boards).join(', ')}.`, {
      param: 'sort',
    })
  }
  const limit = readLimit(query.get('limit'), 50)
  const filters = { text: '', exactName: null, category: null, tags: [], badge: null, measuredOnly: false }
  const page = await registry.search({ ...filters, sort: board.sort, limit, after: null })
  const items = page.entries.flatMap((entry) => {
    const value = board.read(entry)
    return value === null ? [] : [{ entry, value }]
  })
  return {
    sort,
    window_days: Number(query.get('window_days') ?? 30),
    items: items.map(({ entry, value }, index) => ({
      rank: index + 1,
      id: entry.skillId,
      name: entry.name,
      url_slug: entry.urlSlug,
      display_name: entry.displayName,
      category: entry.category,
      metric: { label: board.label, value, kind: board.kind },
    })),
    total: items.length,
  }
}
