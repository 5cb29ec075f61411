import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { ActivityEntity, ActivitySum } from '../../storage/ledger/spend-row.ts'
import type { SubjectKind } from '../../storage/subject-store.ts'
import type { Reach } from './access.ts'
import { readCount } from './read-count.ts'
import type { SpendRoutesDependencies } from './spend-routes.ts'
import { toUsd } from './spend-row.ts'
import { SubjectContext } from './subject-context.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
const mostDays = 366
/** Of a day: those that cost most. */
const mostKeys = 1_000
const unassigned = 'Unassigned'

interface ActivityRoute {
  readonly path: string
  readonly entity: ActivityEntity
  /** Query parameters that name whom it is about: several ids, separated by commas. */
  readonly parameters: readonly string[]
  /** Ids somebody without `spend.read` may see; null for all. */
  readonly own: (reach: Reach) => readonly string[] | null
}

const onlyAdmins = ({ isAll }: Reach): readonly string[] | null => (isAll ? null : [])

const routes: readonly ActivityRoute[] = [
  {
    ...{ path: '/user', entity: 'user', parameters: ['user_id'] },
    own: ({ isAll, userId }) => (isAll ? null : userId === null ? [] : [userId]),
  },
  {
    ...{ path: '/team', entity: 'team', parameters: ['team_ids', 'team_id'] },
    own: ({ isAll, adminOfTeams }) => (isAll ? null : [...adminOfTeams]),
  },
  {
    ...{ path: '/organization', entity: 'organization', parameters: ['organization_ids', 'organization_id'] },
    own: ({ isAll, adminOfOrganizations }) => (isAll ? null : [...adminOfOrganizations]),
  },
  { path: '/customer', entity: 'customer', parameters: ['end_user_ids', 'end_user_id'], own: onlyAdmins },
  { path: '/end_user', entity: 'customer', parameters: ['end_user_ids', 'end_user_id'], own: onlyAdmins },
  { path: '/tag', entity: 'tag', parameters: ['tags', 'tag'], own: onlyAdmins },
]

/** `/user/daily/activity` and its like: spend, tokens and requests by day, LiteLLM-compatible. */
export function activityRoutes(deps: SpendRoutesDependencies): Route<Endpoint>[] {
  const context = new SubjectContext(deps)
  const hasUser = (caller: Caller): boolean => caller.userId !== null

  async function show(
    { entity, parameters, own }: ActivityRoute,
    query: URLSearchParams,
    caller: Caller | null,
  ) {
    const offsetMinutes = readOffset(query)
    const apiKey = query.get('api_key')
    const model = query.get('model')
    const ids = whoIsMeant(
      parameters.map((name) => query.get(name)).find((text) => text !== null && text !== '') ?? null,
      own(await context.reach(caller, 'spend.read')),
    )
    const sums =
      ids?.length === 0
        ? []
        : await deps.spend.sumActivity({
            ...{ entity, offsetMinutes, ...readDays(query, offsetMinutes) },
            ...(ids !== null && { ids }),
            ...(apiKey !== null && { keyHash: await hashOf(apiKey) }),
            ...(model !== null && { model }),
          })
    const days = groupByDay(sums)
    const page = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
    const size = readCount(query, 'page_size', 50, 1_000)
    const shown = [...days].slice((page - 1) * size, page * size)
    const names = await namesOf(
      entity,
      shown.flatMap(([, of]) => of),
    )
    const pages = Math.ceil(days.size / size)
    return {
      results: shown.map(([date, of]) => describeDay(date, of, names)),
      metadata: {
        ...describeTotals(shown.flatMap(([, of]) => of)),
        page,
        total_pages: pages,
        has_more: page < pages,
      },
    }
  }

  async function hashOf(apiKey: string): Promise<string> {
    if (!apiKey.startsWith('sk-')) return apiKey
    return (await deps.administration.find(apiKey)).tokenHash
  }

  /** What those are called that have another name than their id. */
  async function namesOf(
    entity: ActivityEntity,
    sums: readonly ActivitySum[],
  ): Promise<ReadonlyMap<string, object>> {
    const found = sums.flatMap(({ dimension, id }) => (dimension === 'entity' && id !== null ? [id] : []))
    const subjects = await deps.subjects.findMany(entity satisfies SubjectKind, [...new Set(found)])
    return new Map(subjects.map(({ id, alias, settings }) => [id, describeEntity(entity, alias, settings)]))
  }

  return routes.map((route) => ({
    ...context.route('GET', `${route.path}/daily/activity`, {
      ...{ permission: 'spend.read', alsoAdmits: hasUser, body: null },
      answer: async ({ query, caller }) => ({ body: await show(route, query, caller) }),
    }),
  }))
}

/** Errors: 403 where somebody else is asked for. Null for everybody. */
function whoIsMeant(asked: string | null, own: readonly string[] | null): readonly string[] | null {
  if (asked === null) return own
  const ids = asked.split(',').flatMap((id) => id.trim() || [])
  const foreign = own === null ? undefined : ids.find((id) => !own.includes(id))
  if (foreign === undefined) return ids
  throw new GatewayError('permission_denied', 'This key may see what its own user spent only.', {
    extras: { required_permission: 'spend.read' },
  })
}

/** `timezone`: minutes UTC is ahead of the caller, as browsers say it. */
function readOffset(query: URLSearchParams): number {
  const text = query.get('timezone')
  const minutes = text === null || text === '' ? 0 : Number(text)
  if (Number.isInteger(minutes) && Math.abs(minutes) <= 24 * 60) return minutes
  throw new GatewayError('invalid_request', '`timezone` must be minutes, such as -120.', {
    param: 'timezone',
  })
}

/** Errors: 400 for dates that are missing, no dates, the wrong way round or more than a year apart. */
function readDays(query: URLSearchParams, offsetMinutes: number): { since: number; until: number } {
  const read = (name: string): number => {
    const text = query.get(name) ?? ''
    const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
    if (!Number.isNaN(time)) return time + offsetMinutes * minuteMs
    throw new GatewayError('invalid_request', `Give \`${name}\` as a day such as 2026-01-31.`, {
      param: name,
    })
  }
  const since = read('start_date')
  const until = read('end_date') + dayMs
  if (until > since && until - since <= mostDays * dayMs) return { since, until }
  throw new GatewayError(
    'invalid_request',
    `\`end_date\` must not be before \`start_date\`, nor more than ${mostDays} days after it.`,
    { param: 'end_date' },
  )
}

function groupByDay(sums: readonly ActivitySum[]): ReadonlyMap<string, ActivitySum[]> {
  const days = new Map<string, ActivitySum[]>()
  for (const sum of sums) {
    const of = days.get(sum.day)
    if (of === undefined) days.set(sum.day, [sum])
    else of.push(sum)
  }
  return days
}

function describeDay(date: string, sums: readonly ActivitySum[], names: ReadonlyMap<string, object>): object {
  const by = (
    dimension: ActivitySum['dimension'],
    metadata: (sum: ActivitySum) => object = () => ({}),
  ): Record<string, object> =>
    Object.fromEntries(
      sums
        .filter((sum) => sum.dimension === dimension && (sum.id !== null || dimension === 'entity'))
        .slice(0, dimension === 'key' ? mostKeys : undefined)
        .map((sum) => [
          sum.id ?? unassigned,
          { metrics: describeSum(sum), metadata: metadata(sum), api_key_breakdown: {} },
        ]),
    )
  const [all] = sums.filter(({ dimension }) => dimension === 'all')
  return {
    date,
    metrics: all === undefined ? {} : describeSum(all),
    breakdown: {
      ...{ mcp_servers: {}, models: by('model'), model_groups: by('model_group'), providers: by('provider') },
      endpoints: by('endpoint'),
      api_keys: by('key', ({ key }) => ({ key_alias: key?.alias ?? null, team_id: key?.teamId ?? null })),
      entities: by('entity', ({ id }) => names.get(id ?? '') ?? {}),
    },
  }
}

function describeSum(sum: Omit<ActivitySum, 'day' | 'dimension' | 'id' | 'key'>) {
  return {
    spend: toUsd(sum.spendNanoUsd),
    prompt_tokens: sum.inputTokens,
    completion_tokens: sum.outputTokens,
    cache_read_input_tokens: sum.cacheReadTokens,
    cache_creation_input_tokens: sum.cacheWriteTokens,
    total_tokens: sum.inputTokens + sum.outputTokens,
    successful_requests: sum.requests - sum.failed,
    failed_requests: sum.failed,
    api_requests: sum.requests,
    total_response_time_ms: sum.durationMs,
    timed_requests: sum.requests,
  }
}

function describeTotals(sums: readonly ActivitySum[]): Record<string, number> {
  const totals: Record<string, number> = {}
  for (const sum of sums) {
    if (sum.dimension !== 'all') continue
    for (const [name, value] of Object.entries(describeSum(sum))) {
      const total = `total_${name.replace(/^total_/, '')}`
      totals[total] = (totals[total] ?? 0) + value
    }
  }
  return { ...noTotals, ...totals }
}

const noTotals = {
  ...{ total_spend: 0, total_prompt_tokens: 0, total_completion_tokens: 0, total_tokens: 0 },
  ...{ total_api_requests: 0, total_successful_requests: 0, total_failed_requests: 0 },
  ...{ total_cache_read_input_tokens: 0, total_cache_creation_input_tokens: 0 },
}

function describeEntity(
  entity: ActivityEntity,
  alias: string | null,
  settings: Readonly<Record<string, unknown>>,
): object {
  if (entity === 'user') return { user_alias: alias, user_email: settings['user_email'] ?? null }
  return entity === 'tag' ? {} : { [entity === 'customer' ? 'alias' : `${entity}_alias`]: alias }
}
