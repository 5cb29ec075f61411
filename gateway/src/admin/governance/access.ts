import { GatewayError } from '@routeiq/contract'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { KeyRecord } from '../../storage/key-store.ts'
import type { SubjectStore } from '../../storage/subject-store.ts'

/** What a caller who is no admin may manage. */
export interface Reach {
  /** Everything. */
  readonly isAll: boolean
  readonly userId: string | null
  /** Of one's own things only reading. */
  readonly isViewer: boolean
  readonly adminOfTeams: ReadonlySet<string>
  readonly memberOfTeams: ReadonlySet<string>
  readonly adminOfOrganizations: ReadonlySet<string>
}

/** Roles whose users may manage keys of their own. */
const selfManaging = new Set(['internal_user', 'internal_user_viewer', 'org_admin', 'proxy_admin_viewer'])

/** Whether somebody has anything of their own to manage; what exactly, `reachOf` says. */
export function mayManageSelf({ userId, role }: Caller): boolean {
  return userId !== null && role !== null && selfManaging.has(role)
}

export interface AccessDependencies {
  readonly subjects: Pick<SubjectStore, 'membershipsOf'>
  /** Whether roles in teams and organizations count. */
  readonly managesByRole: () => boolean
}

/** How far a caller's permission or role reaches. `permission` such as `key.write` reaches everything. */
export async function reachOf(
  { subjects, managesByRole }: AccessDependencies,
  caller: Caller | null,
  permission: string,
): Promise<Reach> {
  const nowhere = { adminOfTeams: none, memberOfTeams: none, adminOfOrganizations: none }
  if (caller === null || holdsPermission(caller, permission))
    return { ...nowhere, isAll: true, userId: caller?.userId ?? null, isViewer: false }
  const byRole = managesByRole()
  const isAll = byRole && caller.role === 'proxy_admin_viewer' && permission.endsWith('.read')
  const { userId } = caller
  const isViewer = caller.role === 'internal_user_viewer' || caller.role === 'proxy_admin_viewer'
  if (userId === null) return { ...nowhere, isAll, userId, isViewer }
  const teams = await subjects.membershipsOf('team', userId)
  const organizations = byRole ? await subjects.membershipsOf('organization', userId) : []
  const admins = byRole ? teams.filter(({ role }) => role === 'admin') : []
  return {
    ...{ isAll, userId, isViewer },
    adminOfTeams: new Set(admins.map(({ groupId }) => groupId)),
    memberOfTeams: new Set(teams.map(({ groupId }) => groupId)),
    adminOfOrganizations: new Set(
      organizations.filter(({ role }) => role === 'org_admin').map(({ groupId }) => groupId),
    ),
  }
}

const none: ReadonlySet<string> = new Set()

type KeyOwner = Pick<KeyRecord, 'userId' | 'teamId' | 'organizationId'>

export function mayReadKey(reach: Reach, owner: KeyOwner): boolean {
  return reach.isAll || (owner.userId !== null && owner.userId === reach.userId) || administers(reach, owner)
}

export function mayWriteKey(reach: Reach, owner: KeyOwner): boolean {
  if (reach.isAll) return true
  const isOwn = owner.userId !== null && owner.userId === reach.userId && !reach.isViewer
  const isInTeam = owner.teamId === null || reach.memberOfTeams.has(owner.teamId)
  return (isOwn && isInTeam && owner.organizationId === null) || administers(reach, owner)
}

function administers(reach: Reach, { teamId, organizationId }: KeyOwner): boolean {
  if (teamId !== null && reach.adminOfTeams.has(teamId)) return true
  return organizationId !== null && reach.adminOfOrganizations.has(organizationId)
}

/**
 * Who may manage keys and users, but is no admin, may not rise above themselves through them. Errors: 403 where a body
 * grants permissions or a role, or the user it is about is an admin.
 */
export async function requireNoEscalation(
  subjects: Pick<SubjectStore, 'find'>,
  caller: Caller | null,
  body: Readonly<Record<string, unknown>>,
  userId: string | null,
): Promise<void> {
  if (caller === null || caller.isAdmin) return
  const metadata = body['metadata'] as { readonly permissions?: unknown } | null | undefined
  const grants =
    body['permissions'] != null || body['user_role'] != null || metadata?.permissions !== undefined
  requirePermission(!grants, 'proxy_admin', 'Only an admin may grant permissions and roles.')
  const user = userId === null ? null : await subjects.find('user', userId)
  requirePermission(
    user?.settings['user_role'] !== 'proxy_admin',
    'proxy_admin',
    'Only an admin may manage what belongs to an admin.',
  )
}

/** Errors: 403 `permission_denied`. */
export function requirePermission(isAllowed: boolean, permission: string, message: string): void {
  if (isAllowed) return
  throw new GatewayError('permission_denied', message, { extras: { required_permission: permission } })
}
