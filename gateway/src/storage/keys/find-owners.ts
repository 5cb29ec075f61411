import { and, eq, inArray, or, type SQL } from 'drizzle-orm'
import { readKeyGovernance } from '../../governance/workspaces/workspace.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { memberships, subjects } from '../database/schema.ts'
import type { KeyPrincipal, KeyRecord } from '../key-store.ts'
import type { MembershipRecord, SubjectKind, SubjectRecord } from '../subject-store.ts'
import { toMembership, toSubject } from '../subjects/sql-subject-store.ts'

/** Whom a key belongs to. A key of nobody without a budget costs no query. */
export async function findOwners(
  database: Database,
  key: KeyRecord,
  makers: readonly KeyRecord[],
): Promise<Omit<KeyPrincipal, 'key' | 'makers' | 'retiresAt'>> {
  const workspaceId = readKeyGovernance(key.settings)?.workspace_id ?? key.teamId
  const owners = await findSubjects(database, [
    ['user', key.userId],
    ['team', key.teamId],
    ['organization', key.organizationId],
    ['workspace', workspaceId],
  ])
  const find = (kind: SubjectKind): SubjectRecord | null =>
    owners.find((owner) => owner.kind === kind) ?? null
  const [user, team, workspace] = [find('user'), find('team'), find('workspace')]
  const organization =
    find('organization') ??
    (await organizationOf(database, key, team?.organizationId == null ? workspace : team))
  const member = await findMember(database, key)
  const referring = [key, ...makers, user, team, organization, member].map(
    (record) => record?.settings['budget_id'],
  )
  const budgets = await findSubjects(
    database,
    referring.map((id) => ['budget', typeof id === 'string' ? id : null] as const),
  )
  return { user, team, organization, workspace, member, budgets }
}

/** A key that names no organization belongs to that of its team, or of its workspace. */
async function organizationOf(
  database: Database,
  key: KeyRecord,
  of: SubjectRecord | null,
): Promise<SubjectRecord | null> {
  if (key.organizationId !== null || of === null || of.organizationId === null) return null
  const [organization] = await findSubjects(database, [['organization', of.organizationId]])
  return organization ?? null
}

async function findSubjects(
  { sql: db }: Database,
  wanted: readonly (readonly [kind: SubjectKind, id: string | null])[],
): Promise<SubjectRecord[]> {
  const ids = new Map<SubjectKind, Set<string>>()
  for (const [kind, id] of wanted) if (id !== null) ids.set(kind, (ids.get(kind) ?? new Set()).add(id))
  if (ids.size === 0) return []
  const conditions = [...ids].map(([kind, of]): SQL | undefined =>
    and(eq(subjects.kind, kind), inArray(subjects.id, [...of])),
  )
  return (
    await guardQuery(
      db
        .select()
        .from(subjects)
        .where(or(...conditions)),
    )
  ).map(toSubject)
}

async function findMember(
  { sql: db }: Database,
  { teamId, userId }: KeyRecord,
): Promise<MembershipRecord | null> {
  if (teamId === null || userId === null) return null
  const condition = and(
    eq(memberships.kind, 'team'),
    eq(memberships.groupId, teamId),
    eq(memberships.userId, userId),
  )
  const [row] = await guardQuery(db.select().from(memberships).where(condition))
  return row === undefined ? null : toMembership(row)
}
