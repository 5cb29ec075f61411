import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { SubjectRecord } from '../../storage/subject-store.ts'
import { generateKeySchema } from '../keys/key-schema.ts'
import { requireNoEscalation } from './access.ts'
import { bag, id, limitFields, names } from './limit-fields.ts'
import { readCount } from './read-count.ts'
import { formatSubject, type SubjectContext, settingsOf } from './subject-context.ts'
import { showTeam } from './team-row.ts'

const roles = {
  proxy_admin: 'Everything',
  proxy_admin_viewer: 'Sees everything, changes nothing',
  org_admin: 'Everything within an organization',
  internal_user: 'Own keys, own spend',
  internal_user_viewer: 'Sees own keys and own spend',
  team: 'For keys of teams',
  customer: 'For customers',
} as const

const role = z.enum(Object.keys(roles) as (keyof typeof roles)[])

const fields = {
  ...limitFields,
  user_email: z.string().max(320).nullish(),
  user_alias: z.string().max(256).nullish(),
  user_role: role.nullish(),
  models: names.nullish(),
  metadata: bag.nullish(),
  blocked: z.boolean().nullish(),
} as const

const newUserSchema = z.looseObject({
  ...fields,
  user_id: id.nullish(),
  teams: z.array(z.union([z.string(), z.looseObject({ team_id: z.string() })])).nullish(),
  auto_create_key: z.boolean().nullish(),
  send_invite_email: z.boolean().nullish(),
})
const updateUserSchema = z.looseObject({ ...fields, user_id: id.nullish() })
const bulkUpdateSchema = z.object({ users: z.array(updateUserSchema).min(1).max(500) })
const deleteUsersSchema = z.object({ user_ids: names.min(1) })

const userFields = [
  ...['user_id', 'user_alias', 'models', 'metadata', 'blocked', 'teams'],
  ...['auto_create_key', 'send_invite_email'],
]
/** What `/user/new` says of the key it makes, not of the user. */
const keyFields = [
  ...['key', 'key_alias', 'duration', 'aliases', 'config', 'permissions', 'allowed_routes'],
  ...['guardrails', 'object_permission', 'key_type', 'tags'],
]

/** `/user/*`, LiteLLM-compatible. */
export function userRoutes(context: SubjectContext): Route<Endpoint>[] {
  const { subjects, keys, administration, settings } = context.deps
  const write = { permission: 'user.write' } as const
  const read = { permission: 'user.read' } as const
  const isUser = (caller: Caller): boolean => caller.userId !== null

  async function create(given: z.infer<typeof newUserSchema>, caller: Caller | null) {
    const body = { ...settings().userDefaults, ...given } as z.infer<typeof newUserSchema>
    await requireNoEscalation(subjects, caller, given, null)
    const userId = body.user_id ?? randomUUID()
    await requireNewEmail(body.user_email ?? null, null)
    const record = await context.create('user', userId, recordFields(body), ownSettings(body), caller)
    for (const team of body.teams ?? []) await join(typeof team === 'string' ? team : team.team_id, userId)
    const shown = await show(record)
    if (body.auto_create_key === false) return { body: { ...shown, key: null } }
    const forKey = Object.entries(given).filter(([name]) => keyFields.includes(name))
    const parsed = generateKeySchema.parse({ ...Object.fromEntries(forKey), user_id: userId })
    const issued = await administration.generate(parsed, caller)
    const { tokenHash: token, keyName, keyAlias, expiresAt } = issued.record
    const ofKey = { token, token_id: token, key_name: keyName, key_alias: keyAlias }
    const expires = expiresAt === null ? null : new Date(expiresAt).toISOString()
    return { body: { ...shown, ...ofKey, expires, key: issued.key } }
  }

  async function join(teamId: string, userId: string): Promise<void> {
    await context.find('team', teamId)
    await subjects.addMember({ kind: 'team', groupId: teamId, userId, role: 'user', settings: {} })
  }

  async function update(body: z.infer<typeof updateUserSchema>, caller: Caller | null) {
    const email = body.user_email ?? null
    const named =
      body.user_id ?? (email === null ? null : (await subjects.findUserByEmail(email))?.id) ?? null
    if (named === null)
      throw new GatewayError(
        'invalid_request',
        'Give the user to change: `user_id` or a known `user_email`.',
        {
          param: 'user_id',
        },
      )
    await requireNoEscalation(subjects, caller, body, named)
    await requireNewEmail(email, named)
    const { metadata: _, ...changes } = recordFields(body)
    const merged = body.metadata == null ? changes : { ...changes, metadata: body.metadata }
    const record = await context.update('user', named, { ...merged, settings: ownSettings(body) })
    return show(record)
  }

  async function requireNewEmail(email: string | null, userId: string | null): Promise<void> {
    const other = email === null ? null : await subjects.findUserByEmail(email)
    if (other === null || other.id === userId) return
    throw new GatewayError('conflict', `User with email ${email} already exists in DB.`, {
      param: 'user_email',
    })
  }

  async function show(record: SubjectRecord): Promise<Record<string, unknown>> {
    const teams = await subjects.membershipsOf('team', record.id)
    return {
      user_email: null,
      user_role: null,
      ...formatSubject(record, await context.spendOf('user', record)),
      user_id: record.id,
      user_alias: record.alias,
      teams: teams.map(({ groupId }) => groupId),
    }
  }

  /** Errors: 403 for who may not see this user, 404 for one who is not there. */
  async function findToShow(wanted: string | null, caller: Caller | null): Promise<SubjectRecord> {
    const userId = wanted ?? caller?.userId ?? null
    if (userId === null)
      throw new GatewayError('invalid_request', 'Give the user to show: /user/info?user_id=…', {
        param: 'user_id',
      })
    const reach = await context.reach(caller, 'user.read')
    if (!reach.isAll && userId !== reach.userId)
      throw new GatewayError('permission_denied', 'This key may see its own user only.', {
        extras: { required_permission: 'user.read' },
      })
    return context.find('user', userId)
  }

  async function info(wanted: string | null, caller: Caller | null) {
    const record = await findToShow(wanted, caller)
    const userId = record.id
    const owned = await keys.list({ page: 1, size: 100, userId })
    const joined = await subjects.membershipsOf('team', userId)
    const teams = await subjects.findMany(
      'team',
      joined.map(({ groupId }) => groupId),
    )
    return {
      user_id: userId,
      user_info: await show(record),
      keys: await Promise.all(owned.records.map((key) => administration.show(key))),
      teams: await Promise.all(teams.map((team) => showTeam(context, team))),
    }
  }

  async function list(query: URLSearchParams) {
    const page = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
    const size = readCount(query, 'page_size', 25, 100)
    const ids = query.get('user_ids')?.split(',').filter(Boolean)
    const filters = {
      ...(ids === undefined ? {} : { ids }),
      ...given('role', query.get('role')),
      ...given('email', query.get('user_email')),
      ...given('memberOf', query.get('team')),
    }
    const { records, total } = await subjects.list('user', { ...filters, page, size })
    const users = await Promise.all(
      records.map(async (record) => {
        const { total: count } = await keys.list({ page: 1, size: 1, userId: record.id })
        return { ...(await show(record)), key_count: count }
      }),
    )
    return { users, total, page, page_size: size, total_pages: Math.ceil(total / size) }
  }

  return [
    context.route('POST', '/user/new', {
      ...write,
      body: newUserSchema,
      answer: ({ body, caller }) => create(body, caller),
    }),
    context.route('POST', '/user/update', {
      ...write,
      body: updateUserSchema,
      answer: async ({ body, caller }) => {
        const shown = await update(body, caller)
        return { body: { ...shown, data: shown } }
      },
    }),
    context.route('POST', '/user/bulk_update', {
      ...write,
      body: bulkUpdateSchema,
      answer: async ({ body, caller }) => ({ body: await bulk(body.users, (user) => update(user, caller)) }),
    }),
    context.route('POST', '/user/delete', {
      ...write,
      body: deleteUsersSchema,
      answer: async ({ body, caller }) => {
        for (const userId of body.user_ids) {
          await context.find('user', userId)
          await requireNoEscalation(subjects, caller, {}, userId)
        }
        await context.deleteKeysOf('userId', body.user_ids)
        const deleted = await context.delete('user', body.user_ids)
        return { body: { deleted_users: deleted.map((record) => record.id), count: deleted.length } }
      },
    }),
    context.route('GET', '/user/info', {
      ...read,
      alsoAdmits: isUser,
      body: null,
      answer: async ({ query, caller }) => ({ body: await info(query.get('user_id'), caller) }),
    }),
    {
      ...context.route('GET', '/v2/user/info', {
        ...{ ...read, alsoAdmits: isUser, body: null },
        answer: async ({ query, caller }) => ({
          body: await show(await findToShow(query.get('user_id'), caller)),
        }),
      }),
      aliased: false,
    },
    context.route('GET', '/user/list', {
      ...read,
      body: null,
      answer: async ({ query }) => ({ body: await list(query) }),
    }),
    context.route('GET', '/user/available_roles', {
      ...read,
      body: null,
      answer: () => ({
        body: Object.fromEntries(
          Object.entries(roles).map(([name, description]) => [name, { description, ui_label: name }]),
        ),
      }),
    }),
  ]
}

interface BulkResult {
  readonly user_id: unknown
  readonly success: boolean
  readonly error: string | null
}

async function bulk<Body extends { readonly user_id?: string | null | undefined }>(
  entries: readonly Body[],
  update: (body: Body) => Promise<unknown>,
) {
  const results: BulkResult[] = []
  for (const entry of entries) {
    try {
      await update(entry)
      results.push({ user_id: entry.user_id ?? null, success: true, error: null })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      results.push({ user_id: entry.user_id ?? null, success: false, error: error.message })
    }
  }
  const successful_updates = results.filter(({ success }) => success).length
  const failed_updates = results.length - successful_updates
  return { results, total_requested: results.length, successful_updates, failed_updates }
}

function recordFields(body: z.infer<typeof updateUserSchema>) {
  return {
    ...(body.user_alias === undefined ? {} : { alias: body.user_alias }),
    ...(body.models == null ? {} : { models: body.models }),
    ...(body.metadata == null ? {} : { metadata: body.metadata }),
    ...(body.blocked == null ? {} : { blocked: body.blocked }),
  }
}

const ownSettings = (body: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  settingsOf(body, [...userFields, ...keyFields.filter((name) => name !== 'permissions')])

const given = (name: string, value: string | null): Record<string, string> =>
  value === null || value === '' ? {} : { [name]: value }
