import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { type Caller, maskKey } from '../../identity/caller.ts'
import { digestKey } from '../../identity/key-digest.ts'
import { defaultWorkspace } from '../../identity/workspace.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import type { Quotas } from '../../quotas/quotas.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import type { KeyQuery, KeyRecord, KeySortField, KeyStore, NewKey } from '../../storage/key-store.ts'
import { addDuration } from './key-duration.ts'
import { formatKeyRow } from './key-row.ts'
import { type GenerateKeyBody, generateKeySchema, oneKeySchema, selectKeysSchema } from './key-schema.ts'

const minimumProductionSecret = 16

export interface KeyRoutesDependencies {
  readonly identity: Identity
  readonly keys: KeyStore
  readonly quotas: Pick<Quotas, 'limitOf'>
  readonly keyPrefix: string
  readonly production: boolean
  readonly now: () => number
  /** Called with the digests of changed keys, so that every process drops what it has cached. */
  readonly onKeysChanged: (tokenHashes: readonly string[]) => void
}

/** `/key/*`: virtual keys, LiteLLM-compatible. Plaintext is shown once, in the answer that creates a key. */
export function keyRoutes(deps: KeyRoutesDependencies): Route<Endpoint>[] {
  const management = { identity: deps.identity, errors: 'openai-chat' } as const
  return [
    {
      method: 'POST',
      template: '/key/generate',
      auth: 'admin',
      handler: controlEndpoint({
        ...management,
        body: generateKeySchema,
        answer: ({ body, caller }) => generateKey(deps, body, caller),
      }),
    },
    {
      method: 'GET',
      template: '/key/info',
      auth: 'user',
      handler: controlEndpoint({
        ...management,
        body: null,
        answer: ({ query, caller }) => showKey(deps, query.get('key'), caller),
      }),
    },
    {
      method: 'GET',
      template: '/key/list',
      auth: 'admin',
      handler: controlEndpoint({ ...management, body: null, answer: ({ query }) => listKeys(deps, query) }),
    },
    {
      method: 'POST',
      template: '/key/delete',
      auth: 'admin',
      handler: controlEndpoint({
        ...management,
        body: selectKeysSchema,
        answer: ({ body }) => deleteKeys(deps, body),
      }),
    },
    blockRoute(deps, 'block'),
    blockRoute(deps, 'unblock'),
  ]
}

function blockRoute(deps: KeyRoutesDependencies, action: 'block' | 'unblock'): Route<Endpoint> {
  const handler = controlEndpoint({
    identity: deps.identity,
    errors: 'openai-chat',
    body: oneKeySchema,
    answer: async ({ body }) => {
      const record = await findKey(deps, body.key)
      const changed = await deps.keys.update(record.tokenHash, { blocked: action === 'block' })
      deps.onKeysChanged([record.tokenHash])
      return { body: formatKeyRow(changed ?? record) }
    },
  })
  return { method: 'POST', template: `/key/${action}`, auth: 'admin', handler }
}

async function generateKey(deps: KeyRoutesDependencies, body: GenerateKeyBody, caller: Caller | null) {
  const key = body.key ?? `${deps.keyPrefix}${randomBytes(24).toString('base64url')}`
  if (deps.production && body.key != null && body.key.length - 'sk-'.length < minimumProductionSecret) {
    throw new GatewayError(
      'invalid_request',
      'A chosen key needs at least 16 characters after sk- in production.',
      { param: 'key' },
    )
  }
  const workspace = body.organization_id ?? defaultWorkspace
  const limit = deps.quotas.limitOf(workspace, 'keys')
  const record = await deps.keys.create(newKey(deps, body, key, caller), limit)
  deps.onKeysChanged([record.tokenHash])
  return { body: { ...formatKeyRow(record), key, token_id: record.tokenHash } }
}

function newKey(
  deps: KeyRoutesDependencies,
  body: GenerateKeyBody,
  key: string,
  caller: Caller | null,
): NewKey {
  const { key: _, key_alias, duration, user_id, team_id, organization_id, ...rest } = body
  const { models, aliases, allowed_routes, tags, metadata, blocked, ...settings } = rest
  return {
    tokenHash: deps.identity.authenticator.storedDigest(key),
    keyName: maskKey(key),
    keyAlias: key_alias ?? null,
    userId: user_id ?? null,
    teamId: team_id ?? null,
    organizationId: organization_id ?? null,
    models: models ?? [],
    aliases: aliases ?? {},
    allowedRoutes: allowed_routes ?? [],
    tags: tags ?? [],
    metadata: metadata ?? {},
    blocked: blocked ?? false,
    expiresAt: duration == null ? null : addDuration(deps.now(), duration),
    createdBy: caller?.kind ?? null,
    settings,
  }
}

async function showKey(deps: KeyRoutesDependencies, key: string | null, caller: Caller | null) {
  const wanted = key ?? caller?.keyHash
  if (wanted == null)
    throw new GatewayError('invalid_request', 'Give the key to show: /key/info?key=…', { param: 'key' })
  if (caller?.isAdmin === false && key !== null) {
    const own =
      key === caller.keyHash ||
      digestKey(key) === caller.keyHash ||
      deps.identity.authenticator.storedDigest(key) === caller.keyHash
    // Other people's keys do not exist for a user.
    if (!own) throw noSuchKey(key)
  }
  const record = await findKey(deps, wanted)
  return { body: { key: record.tokenHash, info: formatKeyRow(record) } }
}

/** By plaintext or by digest; the digest names a key, it does not authenticate. */
async function findKey(deps: KeyRoutesDependencies, key: string): Promise<KeyRecord> {
  const digests = key.startsWith('sk-')
    ? [deps.identity.authenticator.storedDigest(key), digestKey(key)]
    : [key]
  for (const digest of digests) {
    const record = await deps.keys.findByHash(digest)
    if (record !== null) return record
  }
  throw noSuchKey(key)
}

function noSuchKey(key: string): GatewayError {
  const shown = key.startsWith('sk-') ? maskKey(key) : key.slice(0, 64)
  return new GatewayError('key_not_found', `Key not found: ${shown}.`, { param: 'key' })
}

async function deleteKeys(
  deps: KeyRoutesDependencies,
  body: { keys?: string[] | undefined; key_aliases?: string[] | undefined },
) {
  const aliases = body.key_aliases ?? []
  const records =
    body.keys === undefined
      ? await Promise.all(aliases.map((alias) => findAlias(deps, alias)))
      : await Promise.all(body.keys.map((key) => findKey(deps, key)))
  const tokenHashes = records.map((record) => record.tokenHash)
  await deps.keys.delete({ tokenHashes })
  deps.onKeysChanged(tokenHashes)
  return { body: { deleted_keys: body.keys === undefined ? aliases : tokenHashes } }
}

async function findAlias(deps: KeyRoutesDependencies, alias: string): Promise<KeyRecord> {
  const record = await deps.keys.findByAlias(alias)
  if (record === null)
    throw new GatewayError('key_not_found', `No key has the alias ${alias.slice(0, 256)}.`, {
      param: 'key_aliases',
    })
  return record
}

const sortFields: ReadonlyMap<string, KeySortField> = new Map([
  ['created_at', 'createdAt'],
  ['updated_at', 'updatedAt'],
  ['expires', 'expiresAt'],
  ['key_alias', 'keyAlias'],
  ['key_name', 'keyName'],
  ['user_id', 'userId'],
  ['team_id', 'teamId'],
])

async function listKeys(deps: KeyRoutesDependencies, query: URLSearchParams) {
  const page = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
  const size = readCount(query, 'size', 10, 100)
  const { records, total } = await deps.keys.list({ page, size, ...readFilters(query) })
  const full = query.get('return_full_object') === 'true'
  return {
    body: {
      keys: records.map((record) => (full ? formatKeyRow(record) : record.tokenHash)),
      total_count: total,
      current_page: page,
      total_pages: Math.ceil(total / size),
    },
  }
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

function readCount(query: URLSearchParams, name: string, fallback: number, maximum: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new GatewayError('invalid_request', `\`${name}\` must be a whole number from 1.`, { param: name })
  }
  return Math.min(value, maximum)
}
