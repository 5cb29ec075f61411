import { GatewayError } from '@routeiq/contract'
import type { KeyQuery, KeySortField, KeyStore } from '../../storage/key-store.ts'
import type { Reach } from '../governance/access.ts'
import { readCount } from '../governance/read-count.ts'
import type { KeyAdministration } from './key-administration.ts'

const sortFields: ReadonlyMap<string, KeySortField> = new Map([
  ['created_at', 'createdAt'],
  ['updated_at', 'updatedAt'],
  ['expires', 'expiresAt'],
  ['key_alias', 'keyAlias'],
  ['key_name', 'keyName'],
  ['user_id', 'userId'],
  ['team_id', 'teamId'],
])

/** A page of `/key/list`; somebody who is no admin sees their own keys and those of teams they administer. */
export async function listKeys(
  { keys: store }: { readonly keys: KeyStore },
  keys: KeyAdministration,
  query: URLSearchParams,
  reach: Reach,
): Promise<object> {
  const page = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
  const size = readCount(query, 'size', 10, 100)
  const filters = readFilters(query)
  const own = reach.isAll ? ownTeams(query, reach) : listKeysOf(reach)
  const { records, total } = await store.list({ ...filters, ...own, page, size })
  const isFull = query.get('return_full_object') === 'true'
  return {
    keys: isFull
      ? await Promise.all(records.map((record) => keys.show(record)))
      : records.map((record) => record.tokenHash),
    total_count: total,
    current_page: page,
    total_pages: Math.ceil(total / size),
  }
}

/** What somebody who is no admin may see. */
export function listKeysOf({ userId, adminOfTeams }: Reach): Pick<KeyQuery, 'userId' | 'orTeams'> {
  return {
    ...(userId === null ? {} : { userId }),
    ...(adminOfTeams.size === 0 ? {} : { orTeams: [...adminOfTeams] }),
  }
}

function ownTeams(query: URLSearchParams, { memberOfTeams }: Reach): Pick<KeyQuery, 'orTeams'> {
  const isWanted = query.get('include_team_keys') === 'true' && memberOfTeams.size > 0
  return isWanted ? { orTeams: [...memberOfTeams] } : {}
}

function readFilters(query: URLSearchParams): Omit<KeyQuery, 'page' | 'size'> {
  const filters: Record<string, string> = {}
  const names = {
    user_id: 'userId',
    team_id: 'teamId',
    organization_id: 'organizationId',
    key_alias: 'keyAlias',
    key_hash: 'tokenHash',
  }
  for (const [name, field] of Object.entries(names)) {
    const value = query.get(name)
    if (value !== null && value !== '') filters[field] = value
  }
  const name = query.get('sort_by')
  const sortBy = name === null ? undefined : sortFields.get(name)
  if (name !== null && sortBy === undefined) {
    throw new GatewayError(
      'invalid_request',
      `\`sort_by\` must be one of ${[...sortFields.keys()].join(', ')}.`,
      { param: 'sort_by' },
    )
  }
  const sortOrder = query.get('sort_order') === 'asc' ? 'asc' : 'desc'
  return { ...filters, ...(sortBy === undefined ? {} : { sortBy }), sortOrder }
}
