import type { MembershipRecord, SubjectRecord } from '../../storage/subject-store.ts'
import { formatSubject, type SubjectContext } from './subject-context.ts'

/** A team with its members, as the management routes show it. */
export async function showTeam(
  context: SubjectContext,
  record: SubjectRecord,
): Promise<Record<string, unknown>> {
  const members = await context.deps.subjects.membersOf('team', [record.id])
  const users = await context.deps.subjects.findMany(
    'user',
    members.map(({ userId }) => userId),
  )
  const emails = new Map(users.map((user) => [user.id, user.settings['user_email'] ?? null]))
  return {
    ...formatSubject(record, await context.spendOf('team', record)),
    team_id: record.id,
    team_alias: record.alias,
    admins: members.filter(({ role }) => role === 'admin').map(({ userId }) => userId),
    members: members.map(({ userId }) => userId),
    members_with_roles: members.map(({ userId, role }) => ({
      ...{ user_id: userId, role, user_email: emails.get(userId) ?? null },
    })),
  }
}

/** A member's own limits and spend in a team. */
export async function showMembership(
  context: SubjectContext,
  { groupId, userId, settings, createdAt }: MembershipRecord,
): Promise<Record<string, unknown>> {
  const id = `${groupId}:${userId}`
  const max = settings['max_budget_in_team'] ?? settings['max_budget'] ?? null
  const limits = { ...settings, max_budget: max }
  const member = { id, createdAt, settings: limits } as unknown as SubjectRecord
  const { spend } = await context.spendOf('member', member)
  const {
    budget_id = null,
    tpm_limit = null,
    rpm_limit = null,
    budget_duration = null,
  } = limits as Readonly<Record<string, unknown>>
  return {
    user_id: userId,
    team_id: groupId,
    budget_id,
    spend,
    litellm_budget_table: { budget_id, max_budget: max, tpm_limit, rpm_limit, budget_duration },
  }
}
