import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { digestKey } from '../../identity/key-digest.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { KeyRecord } from '../../storage/key-store.ts'
import {
  mayManageSelf,
  mayReadKey,
  mayWriteKey,
  type Reach,
  reachOf,
  requireNoEscalation,
  requirePermission,
} from '../governance/access.ts'
import { KeyAdministration, type KeyAdministrationDependencies, noSuchKey } from './key-administration.ts'
import { requireMayGenerate } from './key-generation-rules.ts'
import {
  bulkUpdateSchema,
  emptySchema,
  type GenerateKeyBody,
  generateKeySchema,
  manyKeysSchema,
  oneKeySchema,
  type RegenerateKeyBody,
  regenerateKeySchema,
  resetSpendSchema,
  selectKeysSchema,
  updateKeySchema,
} from './key-schema.ts'
import { listKeys, listKeysOf } from './list-keys.ts'

export type KeyRoutesDependencies = KeyAdministrationDependencies

interface RouteOptions<Body> extends Pick<ControlEndpointOptions<Body>, 'body' | 'answer'> {
  readonly permission: 'key.read' | 'key.write'
}

/** `/key/*`: virtual keys, LiteLLM-compatible. Plaintext is shown once, in the answer that creates a key. */
export function keyRoutes(deps: KeyRoutesDependencies): Route<Endpoint>[] {
  const keys = new KeyAdministration(deps)
  const access = { subjects: deps.subjects, managesByRole: () => deps.settings().managesByRole }
  const route = <Body>(method: Method, template: string, options: RouteOptions<Body>): Route<Endpoint> => {
    const { permission, body, answer } = options
    const alsoAdmits = (caller: Caller): boolean =>
      holdsPermission(caller, permission) || mayManageSelf(caller)
    const handler = controlEndpoint({
      identity: deps.identity,
      errors: 'openai-chat',
      alsoAdmits,
      body,
      answer,
    })
    return { method, template, auth: 'admin', handler }
  }
  const reading = (caller: Caller | null): Promise<Reach> => reachOf(access, caller, 'key.read')
  const writing = (caller: Caller | null): Promise<Reach> => reachOf(access, caller, 'key.write')
  /** Keys one may not change do not exist for one. */
  const findToWrite = async (name: string, caller: Caller | null): Promise<KeyRecord> => {
    const record = await keys.find(name)
    if (!mayWriteKey(await writing(caller), record)) throw noSuchKey(name)
    await requireNoEscalation(deps.subjects, caller, {}, record.userId)
    return record
  }
  const write = { permission: 'key.write' } as const
  const read = { permission: 'key.read' } as const

  async function generate(body: GenerateKeyBody, caller: Caller | null, isService: boolean) {
    const reach = await writing(caller)
    const wanted = isService || reach.isAll ? body : { ...body, user_id: body.user_id ?? reach.userId }
    requireOwn(reach, caller, wanted, wanted)
    await requireNoEscalation(deps.subjects, caller, wanted, wanted.user_id ?? null)
    await requireMayGenerate(deps.settings().keyGeneration, deps.subjects, caller, wanted)
    const { key, record } = await keys.generate(isService ? { ...wanted, user_id: null } : wanted, caller)
    return { body: { ...(await keys.show(record)), key, token_id: record.tokenHash } }
  }

  async function update({ key: name, ...body }: z.infer<typeof updateKeySchema>, caller: Caller | null) {
    const record = await findToWrite(name, caller)
    requireOwn(await writing(caller), caller, body, { ...ownerFields(record), ...body })
    await requireNoEscalation(deps.subjects, caller, body, body.user_id ?? null)
    return { key: name, ...(await keys.show(await keys.update(record, body))) }
  }

  async function regenerate(name: string, body: RegenerateKeyBody, caller: Caller | null) {
    const record = await findToWrite(name, caller)
    requireOwn(await writing(caller), caller, body, { ...ownerFields(record), ...body })
    await requireNoEscalation(deps.subjects, caller, body, body.user_id ?? null)
    const issued = await keys.regenerate(record, body)
    return {
      body: { ...(await keys.show(issued.record)), key: issued.key, token_id: issued.record.tokenHash },
    }
  }

  async function bulkUpdate(entries: readonly unknown[], caller: Caller | null) {
    const successful: object[] = []
    const failed: object[] = []
    for (const entry of entries) {
      const parsed = updateKeySchema.safeParse(entry)
      const name = (entry as { key?: unknown } | null)?.key
      try {
        if (!parsed.success) throw new GatewayError('validation_failed', z.prettifyError(parsed.error))
        successful.push({ key: name, key_info: await update(parsed.data, caller) })
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        failed.push({ key: name, failed_reason: error.message })
      }
    }
    return { total_requested: entries.length, successful_updates: successful, failed_updates: failed }
  }

  async function remove(body: z.infer<typeof selectKeysSchema>, caller: Caller | null) {
    const reach = await writing(caller)
    const aliases = body.key_aliases ?? []
    const found =
      body.keys == null
        ? aliases.map((alias) => keys.findByAlias(alias))
        : body.keys.map((key) => keys.find(key))
    const records = await Promise.all(found)
    for (const [index, record] of records.entries())
      if (!mayWriteKey(reach, record)) throw noSuchKey((body.keys ?? aliases)[index] ?? '')
    await keys.delete(records)
    return { deleted_keys: body.keys == null ? aliases : records.map((record) => record.tokenHash) }
  }

  async function show(name: string | null, caller: Caller | null): Promise<object> {
    const wanted = name ?? caller?.keyHash
    if (wanted == null)
      throw new GatewayError('invalid_request', 'Give the key to show: /key/info?key=…', { param: 'key' })
    const { authenticator } = deps.identity
    const isOwn = [wanted, digestKey(wanted), authenticator.storedDigest(wanted)].includes(
      caller?.keyHash ?? '',
    )
    const record = await keys.find(isOwn ? (caller?.keyHash ?? wanted) : wanted)
    if (!isOwn && !mayReadKey(await reading(caller), record)) throw noSuchKey(wanted)
    return { key: record.tokenHash, info: await keys.showWhole(record) }
  }

  return [
    route('POST', '/key/generate', {
      ...write,
      body: generateKeySchema,
      answer: ({ body, caller }) => generate(body, caller, false),
    }),
    route('POST', '/key/service-account/generate', {
      ...write,
      body: generateKeySchema,
      answer: ({ body, caller }) => generate(body, caller, true),
    }),
    route('POST', '/key/update', {
      ...write,
      body: updateKeySchema,
      answer: async ({ body, caller }) => ({ body: await update(body, caller) }),
    }),
    route('POST', '/key/bulk_update', {
      ...write,
      body: bulkUpdateSchema,
      answer: async ({ body, caller }) => ({ body: await bulkUpdate(body.keys, caller) }),
    }),
    route('POST', '/key/delete', {
      ...write,
      body: selectKeysSchema,
      answer: async ({ body, caller }) => ({ body: await remove(body, caller) }),
    }),
    route('POST', '/key/regenerate', {
      ...write,
      body: regenerateKeySchema,
      answer: ({ body, caller }) => regenerate(body.key ?? caller?.keyHash ?? '', body, caller),
    }),
    route('POST', '/key/{key}/regenerate', {
      ...write,
      body: regenerateKeySchema,
      answer: ({ params, body, caller }) => regenerate(params['key'] ?? '', body, caller),
    }),
    route('POST', '/key/{key}/reset_spend', {
      ...write,
      body: resetSpendSchema,
      answer: async ({ params, body, caller }) => {
        const record = await findToWrite(params['key'] ?? '', caller)
        const spend = body.reset_to ?? body.spend ?? 0
        requirePermission((await writing(caller)).isAll, 'key.write', 'Only an admin may reset spend.')
        return { body: await keys.show(await keys.update(record, { spend })) }
      },
    }),
    ...(['block', 'unblock'] as const).map((action) =>
      route('POST', `/key/${action}`, {
        ...write,
        body: oneKeySchema,
        answer: async ({ body, caller }) => {
          const record = await findToWrite(body.key, caller)
          return { body: await keys.show(await keys.setBlocked(record, action === 'block')) }
        },
      }),
    ),
    {
      method: 'GET',
      template: '/key/info',
      auth: 'user',
      handler: controlEndpoint({
        ...{ identity: deps.identity, errors: 'openai-chat', body: null },
        answer: async ({ query, caller }) => ({ body: await show(query.get('key'), caller) }),
      }),
    },
    {
      method: 'POST',
      template: '/v2/key/info',
      auth: 'user',
      aliased: false,
      handler: controlEndpoint({
        ...{ identity: deps.identity, errors: 'openai-chat', body: manyKeysSchema },
        answer: async ({ body, caller }) => {
          const info = await Promise.all(body.keys.map((key) => show(key, caller)))
          return { body: { key: body.keys, info: info.map((shown) => (shown as { info: object }).info) } }
        },
      }),
    },
    route('GET', '/key/list', {
      ...read,
      body: null,
      answer: async ({ query, caller }) => ({
        body: await listKeys(deps, keys, query, await reading(caller)),
      }),
    }),
    route('GET', '/key/aliases', {
      ...read,
      body: null,
      answer: async ({ caller }) => {
        const reach = await reading(caller)
        return { body: { aliases: await deps.keys.aliases(reach.isAll ? {} : listKeysOf(reach)) } }
      },
    }),
    {
      method: 'POST',
      template: '/key/health',
      auth: 'user',
      handler: controlEndpoint({
        ...{ identity: deps.identity, errors: 'openai-chat', body: emptySchema },
        answer: () => ({ body: { key: 'healthy', logging_callbacks: null } }),
      }),
    },
  ]
}

function ownerFields({ userId, teamId, organizationId }: KeyRecord) {
  return { user_id: userId, team_id: teamId, organization_id: organizationId }
}

/** What only admins may give, since it would let somebody rise above themselves. */
const adminFields = [
  'permissions',
  'spend',
  'temp_budget_increase',
  'temp_budget_expiry',
  'object_permission',
]

/** Errors: 403 for somebody else's key, and for what only an admin may give. */
function requireOwn(
  reach: Reach,
  caller: Caller | null,
  body: Readonly<Record<string, unknown>>,
  owner: {
    readonly user_id?: string | null | undefined
    readonly team_id?: string | null | undefined
    readonly organization_id?: string | null | undefined
  },
): void {
  if (reach.isAll) return
  const { user_id, team_id, organization_id } = owner
  const owned = { userId: user_id ?? null, teamId: team_id ?? null, organizationId: organization_id ?? null }
  requirePermission(mayWriteKey(reach, owned), 'key.write', 'This key may manage keys of its own user only.')
  const forbidden = adminFields.find((name) => body[name] != null)
  requirePermission(forbidden === undefined, 'key.write', `Only an admin may set \`${forbidden}\`.`)
  const own = caller?.limits.maxBudgetUsd ?? null
  const wanted = body['max_budget']
  const isAbove = own !== null && (typeof wanted !== 'number' || wanted > own) && 'max_budget' in body
  requirePermission(!isAbove, 'key.write', 'Only an admin may give a budget above the own one.')
}
