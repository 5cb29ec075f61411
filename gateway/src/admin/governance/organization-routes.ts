import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { SubjectRecord } from '../../storage/subject-store.ts'
import { requirePermission } from './access.ts'
import { bag, id, limitFields, names } from './limit-fields.ts'
import { formatSubject, noSuchSubject, type SubjectContext, settingsOf } from './subject-context.ts'
import { showTeam } from './team-row.ts'

const roles = z.enum(['org_admin', 'internal_user', 'internal_user_viewer'])
const fields = {
  ...limitFields,
  models: names.nullish(),
  metadata: bag.nullish(),
} as const
const newSchema = z.looseObject({
  ...fields,
  organization_id: id.nullish(),
  organization_alias: z.string().min(1).max(256),
})
const updateSchema = z.looseObject({
  ...fields,
  organization_id: id,
  organization_alias: z.string().min(1).max(256).nullish(),
})
const deleteSchema = z.object({ organization_ids: names.min(1) })
const infoSchema = z.object({ organizations: names.min(1).max(100) })
const memberSchema = z
  .looseObject({ role: roles, user_id: id.nullish(), user_email: z.string().min(1).nullish() })
  .refine((member) => member.user_id != null || member.user_email != null, 'give `user_id` or `user_email`')
const addSchema = z.looseObject({
  organization_id: id,
  member: z.union([memberSchema, z.array(memberSchema).min(1)]),
  max_budget_in_organization: limitFields.max_budget,
})
const oneMember = { organization_id: id, user_id: id.nullish(), user_email: z.string().nullish() } as const
const updateMemberSchema = z.looseObject({
  ...oneMember,
  role: roles.nullish(),
  max_budget_in_organization: limitFields.max_budget,
})
const deleteMemberSchema = z.object(oneMember)

const ownFields = ['organization_id', 'organization_alias', 'models', 'metadata']

/** `/organization/*`, LiteLLM-compatible. */
export function organizationRoutes(context: SubjectContext): Route<Endpoint>[] {
  const { subjects } = context.deps
  const write = { permission: 'organization.write' } as const
  const read = { permission: 'organization.read' } as const
  const isUser = (caller: Caller): boolean => caller.userId !== null

  async function requireAdminOf(organizationId: string, caller: Caller | null): Promise<SubjectRecord> {
    const reach = await context.reach(caller, 'organization.write')
    const isAllowed = reach.isAll || reach.adminOfOrganizations.has(organizationId)
    requirePermission(isAllowed, 'organization.write', 'Only its admins may change an organization.')
    return context.find('organization', organizationId)
  }

  async function show(record: SubjectRecord): Promise<Record<string, unknown>> {
    const members = await subjects.membersOf('organization', [record.id])
    const { records: teams } = await subjects.list('team', { page: 1, size: 100, organizationId: record.id })
    return {
      ...formatSubject(record, await context.spendOf('organization', record)),
      organization_id: record.id,
      organization_alias: record.alias,
      litellm_budget_table: await context.budgetOf(record),
      members: members.map(({ userId, role, createdAt }) => ({
        ...{ user_id: userId, organization_id: record.id, user_role: role },
        created_at: new Date(createdAt).toISOString(),
      })),
      teams: await Promise.all(teams.map((team) => showTeam(context, team))),
    }
  }

  async function update({ organization_id, ...body }: z.infer<typeof updateSchema>) {
    const record = await context.update('organization', organization_id, {
      ...(body.organization_alias == null ? {} : { alias: body.organization_alias }),
      ...(body.models == null ? {} : { models: body.models }),
      ...(body.metadata == null ? {} : { metadata: body.metadata }),
      settings: settingsOf(body, ownFields),
    })
    return show(record)
  }

  async function remove(ids: readonly string[]) {
    for (const organizationId of ids) await context.find('organization', organizationId)
    for (const organizationId of ids) {
      const { records } = await subjects.list('team', { page: 1, size: 10_000, organizationId })
      const teams = records.map((team) => team.id)
      await context.deleteKeysOf('teamId', teams)
      if (teams.length > 0) await context.delete('team', teams)
    }
    await context.deleteKeysOf('organizationId', ids)
    return Promise.all((await context.delete('organization', ids)).map(show))
  }

  async function visible(caller: Caller | null): Promise<readonly string[] | null> {
    const reach = await context.reach(caller, 'organization.read')
    if (reach.isAll) return null
    const joined = reach.userId === null ? [] : await subjects.membershipsOf('organization', reach.userId)
    return [
      ...joined.map(({ groupId }) => groupId),
      ...(caller?.organizationId == null ? [] : [caller.organizationId]),
    ]
  }

  async function info(organizationId: string, caller: Caller | null) {
    const ids = await visible(caller)
    if (ids !== null && !ids.includes(organizationId)) throw noSuchSubject('organization', organizationId)
    return show(await context.find('organization', organizationId))
  }

  async function userIdOf(member: {
    readonly user_id?: string | null | undefined
    readonly user_email?: string | null | undefined
  }): Promise<string> {
    const known =
      member.user_id == null
        ? await subjects.findUserByEmail(member.user_email ?? '')
        : await subjects.find('user', member.user_id)
    if (known === null) throw noSuchSubject('user', member.user_id ?? member.user_email ?? '')
    return known.id
  }

  /** What a member may do follows from it at their next request. */
  const changed = (organizationId: string, userId: string): void =>
    context.deps.onSubjectsChanged([
      { kind: 'organization', id: organizationId },
      { kind: 'user', id: userId },
    ])

  async function addMembers(body: z.infer<typeof addSchema>, caller: Caller | null) {
    const organization = await requireAdminOf(body.organization_id, caller)
    const limits = settingsOf(body, ['organization_id', 'member'])
    const added: object[] = []
    for (const member of Array.isArray(body.member) ? body.member : [body.member]) {
      const userId = await userIdOf(member)
      const place = { kind: 'organization', groupId: organization.id, userId } as const
      await subjects.addMember({ ...place, role: member.role, settings: limits })
      changed(organization.id, userId)
      added.push({ user_id: userId, organization_id: organization.id, user_role: member.role, ...limits })
    }
    return {
      organization_id: organization.id,
      updated_users: added.map((member) => ({ user_id: (member as { user_id: string }).user_id })),
      updated_organization_memberships: added,
    }
  }

  async function placeOf(body: z.infer<typeof deleteMemberSchema>) {
    const userId = await userIdOf(body)
    return { kind: 'organization', groupId: body.organization_id, userId } as const
  }

  const updateAnswer = {
    ...write,
    body: updateSchema,
    answer: async ({ body }: { body: z.infer<typeof updateSchema> }) => ({ body: await update(body) }),
  }
  const deleteAnswer = {
    ...write,
    body: deleteSchema,
    answer: async ({ body }: { body: z.infer<typeof deleteSchema> }) => ({
      body: await remove(body.organization_ids),
    }),
  }
  const updateMemberAnswer = {
    ...write,
    alsoAdmits: isUser,
    body: updateMemberSchema,
    answer: async ({ body, caller }: { body: z.infer<typeof updateMemberSchema>; caller: Caller | null }) => {
      await requireAdminOf(body.organization_id, caller)
      const place = await placeOf(body)
      const limits = settingsOf(body, ['organization_id', 'user_id', 'user_email', 'role'])
      const role = body.role == null ? {} : { role: body.role }
      const member = await subjects.updateMember(place, { ...role, settings: limits })
      if (member === null) throw notAMember(place)
      changed(place.groupId, place.userId)
      return {
        body: {
          user_id: place.userId,
          organization_id: place.groupId,
          user_role: member.role,
          ...member.settings,
        },
      }
    },
  }
  const deleteMemberAnswer = {
    ...write,
    alsoAdmits: isUser,
    body: deleteMemberSchema,
    answer: async ({ body, caller }: { body: z.infer<typeof deleteMemberSchema>; caller: Caller | null }) => {
      await requireAdminOf(body.organization_id, caller)
      const place = await placeOf(body)
      if (!(await subjects.removeMember(place))) throw notAMember(place)
      changed(place.groupId, place.userId)
      return { body: { user_id: place.userId, organization_id: place.groupId } }
    },
  }

  return [
    context.route('POST', '/organization/new', {
      ...write,
      body: newSchema,
      answer: async ({ body, caller }) => {
        const organizationId = body.organization_id ?? randomUUID()
        const given = {
          alias: body.organization_alias,
          models: body.models ?? [],
          metadata: body.metadata ?? {},
        }
        const settings = settingsOf(body, ownFields)
        return {
          body: await show(await context.create('organization', organizationId, given, settings, caller)),
        }
      },
    }),
    context.route('PATCH', '/organization/update', updateAnswer),
    context.route('POST', '/organization/update', updateAnswer),
    context.route('DELETE', '/organization/delete', deleteAnswer),
    context.route('POST', '/organization/delete', deleteAnswer),
    context.route('GET', '/organization/info', {
      ...read,
      alsoAdmits: isUser,
      body: null,
      answer: async ({ query, caller }) => ({ body: await info(query.get('organization_id') ?? '', caller) }),
    }),
    context.route('POST', '/organization/info', {
      ...read,
      alsoAdmits: isUser,
      body: infoSchema,
      answer: async ({ body, caller }) => ({
        body: await Promise.all(body.organizations.map((organizationId) => info(organizationId, caller))),
      }),
    }),
    context.route('GET', '/organization/list', {
      ...read,
      alsoAdmits: isUser,
      body: null,
      answer: async ({ caller }) => {
        const ids = await visible(caller)
        const which = ids === null ? {} : { ids }
        const { records } = await subjects.list('organization', { ...which, page: 1, size: 1_000 })
        return { body: await Promise.all(records.map(show)) }
      },
    }),
    context.route('POST', '/organization/member_add', {
      ...write,
      alsoAdmits: isUser,
      body: addSchema,
      answer: async ({ body, caller }) => ({ body: await addMembers(body, caller) }),
    }),
    context.route('PATCH', '/organization/member_update', updateMemberAnswer),
    context.route('POST', '/organization/member_update', updateMemberAnswer),
    context.route('DELETE', '/organization/member_delete', deleteMemberAnswer),
    context.route('POST', '/organization/member_delete', deleteMemberAnswer),
  ]
}

function notAMember({
  userId,
  groupId,
}: {
  readonly userId: string
  readonly groupId: string
}): GatewayError {
  return new GatewayError('not_found', `User ${userId} is not a member of organization ${groupId}.`, {
    param: 'user_id',
  })
}
