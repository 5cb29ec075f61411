import { randomUUID } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { MembershipRecord, SubjectRecord } from '../../storage/subject-store.ts'
import { requirePermission } from './access.ts'
import { bag, id, limitFields, names } from './limit-fields.ts'
import { readCount } from './read-count.ts'
import { noSuchSubject, type SubjectContext, settingsOf } from './subject-context.ts'
import { showMembership, showTeam } from './team-row.ts'

const memberSchema = z
  .looseObject({
    role: z.enum(['admin', 'user']),
    user_id: id.nullish(),
    user_email: z.string().min(1).max(320).nullish(),
  })
  .refine((member) => member.user_id != null || member.user_email != null, 'give `user_id` or `user_email`')

const teamMember = {
  team_member_budget: limitFields.max_budget,
  team_member_budget_duration: limitFields.budget_duration,
  team_member_rpm_limit: limitFields.rpm_limit,
  team_member_tpm_limit: limitFields.tpm_limit,
} as const

const fields = {
  ...limitFields,
  ...teamMember,
  team_alias: z.string().max(256).nullish(),
  organization_id: id.nullish(),
  models: names.nullish(),
  metadata: bag.nullish(),
  blocked: z.boolean().nullish(),
  model_aliases: z.record(z.string(), z.string()).nullish(),
  tags: names.nullish(),
} as const

const newTeamSchema = z.looseObject({
  ...fields,
  team_id: id.nullish(),
  members_with_roles: z.array(memberSchema).nullish(),
  admins: names.nullish(),
  members: names.nullish(),
})
const updateTeamSchema = z.looseObject({ ...fields, team_id: id })
const oneTeamSchema = z.object({ team_id: id })
const deleteTeamsSchema = z.object({ team_ids: names.min(1) })

const memberLimits = {
  max_budget_in_team: limitFields.max_budget,
  budget_duration: limitFields.budget_duration,
  tpm_limit: limitFields.tpm_limit,
  rpm_limit: limitFields.rpm_limit,
} as const
const addMemberSchema = z.looseObject({
  ...memberLimits,
  team_id: id,
  member: z.union([memberSchema, z.array(memberSchema).min(1)]),
})
const bulkAddSchema = z.looseObject({ ...memberLimits, team_id: id, members: z.array(memberSchema).min(1) })
const oneMember = { team_id: id, user_id: id.nullish(), user_email: z.string().nullish() } as const
const updateMemberSchema = z.looseObject({
  ...memberLimits,
  ...oneMember,
  role: z.enum(['admin', 'user']).nullish(),
})
const deleteMemberSchema = z.object(oneMember)
const modelsSchema = z.object({ team_id: id, models: names })
const permissionsSchema = z.object({ team_id: id, team_member_permissions: names })

const teamFields = [
  ...['team_id', 'team_alias', 'organization_id', 'models', 'metadata', 'blocked'],
  ...['members_with_roles', 'admins', 'members'],
]

/** What members may do with keys of their team, by LiteLLM's names of routes. */
const memberPermissions = [
  ...['/key/generate', '/key/update', '/key/delete', '/key/regenerate', '/key/service-account/generate'],
  ...['/key/info', '/key/list', '/key/block', '/key/unblock', '/key/{key}/regenerate'],
]

type Limits = Readonly<Record<string, unknown>>

/** `/team/*`, LiteLLM-compatible. */
export function teamRoutes(context: SubjectContext): Route<Endpoint>[] {
  const { subjects, keys, administration, settings } = context.deps
  const write = { permission: 'team.write' } as const
  const read = { permission: 'team.read' } as const
  const isUser = (caller: Caller): boolean => caller.userId !== null

  /** Errors: 403 for who does not administer the team. */
  async function findToAdminister(teamId: string, caller: Caller | null): Promise<SubjectRecord> {
    const reach = await context.reach(caller, 'team.write')
    const team = await subjects.find('team', teamId)
    const isAllowed =
      reach.isAll ||
      reach.adminOfTeams.has(teamId) ||
      (team !== null && reach.adminOfOrganizations.has(team.organizationId ?? ''))
    requirePermission(isAllowed, 'team.write', 'Only its admins may change a team.')
    if (team === null) throw noSuchSubject('team', teamId)
    return team
  }

  async function create(given: z.infer<typeof newTeamSchema>, caller: Caller | null) {
    const body = { ...settings().teamDefaults, ...given } as z.infer<typeof newTeamSchema>
    const reach = await context.reach(caller, 'team.write')
    const isAllowed = reach.isAll || reach.adminOfOrganizations.has(body.organization_id ?? '')
    requirePermission(isAllowed, 'team.write', 'Only an admin may make teams.')
    if (body.organization_id != null) await context.find('organization', body.organization_id)
    const teamId = body.team_id ?? randomUUID()
    const record = await context.create(
      'team',
      teamId,
      recordFields(body),
      settingsOf(body, teamFields),
      caller,
    )
    const members = [
      ...(body.members_with_roles ?? []),
      ...(body.admins ?? []).map((userId) => ({ role: 'admin' as const, user_id: userId })),
      ...(body.members ?? []).map((userId) => ({ role: 'user' as const, user_id: userId })),
      ...(caller?.userId == null ? [] : [{ role: 'admin' as const, user_id: caller.userId }]),
    ]
    const added = new Set<string>()
    for (const member of members) {
      const user = await findOrCreateUser(member, caller)
      if (!added.has(user.id)) await addMember(teamId, user, member.role, {})
      added.add(user.id)
    }
    return showTeam(context, record)
  }

  async function findOrCreateUser(
    { user_id, user_email }: { user_id?: string | null | undefined; user_email?: string | null | undefined },
    caller: Caller | null,
  ): Promise<SubjectRecord> {
    const known =
      user_id == null
        ? await subjects.findUserByEmail(user_email ?? '')
        : await subjects.find('user', user_id)
    if (known !== null) return known
    const email = user_email == null ? {} : { user_email }
    return context.create('user', user_id ?? randomUUID(), {}, email, caller)
  }

  async function addMember(teamId: string, user: SubjectRecord, role: string, limits: Limits) {
    try {
      const member = { kind: 'team', groupId: teamId, userId: user.id, role, settings: limits } as const
      const added = await subjects.addMember(member)
      changed(teamId, user.id)
      return added
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'conflict') throw error
      throw new GatewayError(
        'team_member_already_in_team',
        `User already in team. Member: user_id=${user.id}, user_email=${String(user.settings['user_email'] ?? null)}.`,
        { param: 'user_id' },
      )
    }
  }

  /** Members' keys carry the team and the user. */
  function changed(teamId: string, userId: string): void {
    context.deps.onSubjectsChanged([
      { kind: 'team', id: teamId },
      { kind: 'user', id: userId },
    ])
  }

  async function addMembers(body: z.infer<typeof addMemberSchema>, caller: Caller | null) {
    const team = await findToAdminister(body.team_id, caller)
    const limits = settingsOf(body, ['team_id', 'member'])
    const users: SubjectRecord[] = []
    const added: MembershipRecord[] = []
    for (const member of Array.isArray(body.member) ? body.member : [body.member]) {
      const user = await findOrCreateUser(member, caller)
      added.push(await addMember(team.id, user, member.role, limits))
      users.push(user)
    }
    return {
      ...(await showTeam(context, team)),
      updated_users: users.map(({ id: userId, settings: of }) => ({
        ...{ user_id: userId, user_email: of['user_email'] ?? null, teams: [team.id] },
      })),
      updated_team_memberships: await Promise.all(added.map((member) => showMembership(context, member))),
    }
  }

  async function bulkAdd(body: z.infer<typeof bulkAddSchema>, caller: Caller | null) {
    const team = await findToAdminister(body.team_id, caller)
    const limits = settingsOf(body, ['team_id', 'members'])
    const results: {
      user_id: string | null
      user_email: string | null
      success: boolean
      error: string | null
    }[] = []
    for (const member of body.members) {
      const result = { user_id: member.user_id ?? null, user_email: member.user_email ?? null }
      try {
        await addMember(team.id, await findOrCreateUser(member, caller), member.role, limits)
        results.push({ ...result, success: true, error: null })
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        results.push({ ...result, success: false, error: error.message })
      }
    }
    const successful = results.filter(({ success }) => success).length
    return {
      team_id: team.id,
      results,
      total_requested: results.length,
      successful_additions: successful,
      failed_additions: results.length - successful,
      updated_team: await showTeam(context, team),
    }
  }

  /** Errors: 404 for who is no member. */
  async function memberOf(
    teamId: string,
    body: { user_id?: string | null | undefined; user_email?: string | null | undefined },
  ) {
    const userId = body.user_id ?? (await subjects.findUserByEmail(body.user_email ?? ''))?.id ?? null
    const members = await subjects.membersOf('team', [teamId])
    const member = members.find((candidate) => candidate.userId === userId)
    if (member !== undefined) return member
    throw new GatewayError(
      'not_found',
      `User ${userId ?? body.user_email ?? ''} is not a member of team ${teamId}.`,
      {
        param: 'user_id',
      },
    )
  }

  async function updateMember(body: z.infer<typeof updateMemberSchema>, caller: Caller | null) {
    const team = await findToAdminister(body.team_id, caller)
    const member = await memberOf(team.id, body)
    const limits = settingsOf(body, ['team_id', 'user_id', 'user_email', 'role'])
    const role = body.role ?? member.role
    await subjects.updateMember(member, { role, settings: limits })
    changed(team.id, member.userId)
    return { team_id: team.id, user_id: member.userId, user_email: body.user_email ?? null, ...limits, role }
  }

  async function removeMember(body: z.infer<typeof deleteMemberSchema>, caller: Caller | null) {
    const team = await findToAdminister(body.team_id, caller)
    const member = await memberOf(team.id, body)
    await subjects.removeMember(member)
    changed(team.id, member.userId)
    return showTeam(context, team)
  }

  async function update({ team_id, ...body }: z.infer<typeof updateTeamSchema>, caller: Caller | null) {
    await findToAdminister(team_id, caller)
    const reach = await context.reach(caller, 'team.write')
    const forbidden = ['max_budget', 'organization_id', 'spend', 'tpm_limit', 'rpm_limit', 'models'].find(
      (name) => body[name] !== undefined,
    )
    requirePermission(
      reach.isAll || forbidden === undefined,
      'team.write',
      `Only an admin may set \`${forbidden}\`.`,
    )
    const record = await context.update('team', team_id, {
      ...recordFields(body),
      settings: settingsOf(body, teamFields),
    })
    const shown = await showTeam(context, record)
    return { ...shown, team_id, data: shown }
  }

  async function remove(ids: readonly string[]) {
    for (const teamId of ids) await context.find('team', teamId)
    await context.deleteKeysOf('teamId', ids)
    const deleted = await context.delete('team', ids)
    return { deleted_teams: deleted.map((record) => record.id), count: deleted.length }
  }

  async function info(teamId: string, caller: Caller | null) {
    const reach = await context.reach(caller, 'team.read')
    const isAllowed = reach.isAll || reach.memberOfTeams.has(teamId) || caller?.teamId === teamId
    requirePermission(isAllowed, 'team.read', 'This key may see teams of its own user only.')
    const team = await context.find('team', teamId)
    const owned = await keys.list({ page: 1, size: 100, teamId })
    const members = await subjects.membersOf('team', [teamId])
    return {
      team_id: teamId,
      team_info: await showTeam(context, team),
      keys: await Promise.all(owned.records.map((key) => administration.show(key))),
      team_memberships: await Promise.all(members.map((member) => showMembership(context, member))),
    }
  }

  async function visibleTeams(query: URLSearchParams, caller: Caller | null) {
    const reach = await context.reach(caller, 'team.read')
    const wanted = query.get('user_id')
    const userId = reach.isAll ? wanted : reach.userId
    requirePermission(
      reach.isAll || (userId !== null && (wanted === null || wanted === userId)),
      'team.read',
      'This key may see teams of its own user only.',
    )
    if (userId === null) return {}
    return { ids: (await subjects.membershipsOf('team', userId)).map(({ groupId }) => groupId) }
  }

  async function list(query: URLSearchParams, caller: Caller | null) {
    const organization = query.get('organization_id')
    const { records } = await subjects.list('team', {
      ...(await visibleTeams(query, caller)),
      ...(organization === null || organization === '' ? {} : { organizationId: organization }),
      ...{ page: 1, size: 1_000 },
    })
    return Promise.all(
      records.map(async (team) => {
        const owned = await keys.list({ page: 1, size: 100, teamId: team.id })
        const members = await subjects.membersOf('team', [team.id])
        return {
          ...(await showTeam(context, team)),
          keys: await Promise.all(owned.records.map((key) => administration.show(key))),
          team_memberships: await Promise.all(members.map((member) => showMembership(context, member))),
        }
      }),
    )
  }

  async function page(query: URLSearchParams, caller: Caller | null) {
    const number = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
    const size = readCount(query, 'page_size', 10, 100)
    const { records, total } = await subjects.list('team', {
      ...(await visibleTeams(query, caller)),
      ...{ page: number, size },
    })
    const teams = await Promise.all(records.map((team) => showTeam(context, team)))
    return { teams, total, page: number, page_size: size, total_pages: Math.ceil(total / size) }
  }

  async function changeModels(teamId: string, change: (models: readonly string[]) => readonly string[]) {
    const team = await context.find('team', teamId)
    return showTeam(context, await context.update('team', teamId, { models: change(team.models) }))
  }

  const teamIdOf = (query: URLSearchParams): string => {
    const teamId = query.get('team_id')
    if (teamId !== null && teamId !== '') return teamId
    throw new GatewayError('invalid_request', 'Give the team: ?team_id=…', { param: 'team_id' })
  }

  return [
    context.route('POST', '/team/new', {
      ...write,
      alsoAdmits: isUser,
      body: newTeamSchema,
      answer: async ({ body, caller }) => ({ body: await create(body, caller) }),
    }),
    context.route('POST', '/team/update', {
      ...write,
      alsoAdmits: isUser,
      body: updateTeamSchema,
      answer: async ({ body, caller }) => ({ body: await update(body, caller) }),
    }),
    context.route('POST', '/team/delete', {
      ...write,
      body: deleteTeamsSchema,
      answer: async ({ body }) => ({ body: await remove(body.team_ids) }),
    }),
    ...(['block', 'unblock'] as const).map((action) =>
      context.route('POST', `/team/${action}`, {
        ...write,
        body: oneTeamSchema,
        answer: async ({ body }) => {
          const record = await context.update('team', body.team_id, { blocked: action === 'block' })
          return { body: await showTeam(context, record) }
        },
      }),
    ),
    context.route('GET', '/team/info', {
      ...read,
      alsoAdmits: (caller) => caller.userId !== null || caller.teamId !== null,
      body: null,
      answer: async ({ query, caller }) => ({ body: await info(teamIdOf(query), caller) }),
    }),
    context.route('GET', '/team/list', {
      ...read,
      alsoAdmits: isUser,
      body: null,
      answer: async ({ query, caller }) => ({ body: await list(query, caller) }),
    }),
    {
      ...context.route('GET', '/v2/team/list', {
        ...read,
        alsoAdmits: isUser,
        body: null,
        answer: async ({ query, caller }) => ({ body: await page(query, caller) }),
      }),
      aliased: false,
    },
    context.route('GET', '/team/available', {
      ...read,
      alsoAdmits: isUser,
      body: null,
      answer: () => ({ body: [] }),
    }),
    context.route('POST', '/team/member_add', {
      ...write,
      alsoAdmits: isUser,
      body: addMemberSchema,
      answer: async ({ body, caller }) => ({ body: await addMembers(body, caller) }),
    }),
    context.route('POST', '/team/bulk_member_add', {
      ...write,
      alsoAdmits: isUser,
      body: bulkAddSchema,
      answer: async ({ body, caller }) => ({ body: await bulkAdd(body, caller) }),
    }),
    context.route('POST', '/team/member_update', {
      ...write,
      alsoAdmits: isUser,
      body: updateMemberSchema,
      answer: async ({ body, caller }) => ({ body: await updateMember(body, caller) }),
    }),
    context.route('POST', '/team/member_delete', {
      ...write,
      alsoAdmits: isUser,
      body: deleteMemberSchema,
      answer: async ({ body, caller }) => ({ body: await removeMember(body, caller) }),
    }),
    context.route('POST', '/team/model/add', {
      ...write,
      body: modelsSchema,
      answer: async ({ body }) => ({
        body: await changeModels(body.team_id, (models) => [...new Set([...models, ...body.models])]),
      }),
    }),
    context.route('POST', '/team/model/delete', {
      ...write,
      body: modelsSchema,
      answer: async ({ body }) => ({
        body: await changeModels(body.team_id, (models) =>
          models.filter((model) => !body.models.includes(model)),
        ),
      }),
    }),
    context.route('GET', '/team/permissions_list', {
      ...read,
      body: null,
      answer: async ({ query }) => {
        const team = await context.find('team', teamIdOf(query))
        return {
          body: {
            team_id: team.id,
            team_member_permissions: team.settings['team_member_permissions'] ?? ['/key/info'],
            all_available_permissions: memberPermissions,
          },
        }
      },
    }),
    context.route('POST', '/team/permissions_update', {
      ...write,
      body: permissionsSchema,
      answer: async ({ body: { team_id, team_member_permissions } }) => {
        const record = await context.update('team', team_id, { settings: { team_member_permissions } })
        return { body: await showTeam(context, record) }
      },
    }),
  ]
}

function recordFields(body: {
  readonly team_alias?: string | null | undefined
  readonly organization_id?: string | null | undefined
  readonly models?: string[] | null | undefined
  readonly metadata?: Record<string, unknown> | null | undefined
  readonly blocked?: boolean | null | undefined
}) {
  return {
    ...(body.team_alias === undefined ? {} : { alias: body.team_alias }),
    ...(body.organization_id === undefined ? {} : { organizationId: body.organization_id }),
    ...(body.models == null ? {} : { models: body.models }),
    ...(body.metadata == null ? {} : { metadata: body.metadata }),
    ...(body.blocked == null ? {} : { blocked: body.blocked }),
  }
}
