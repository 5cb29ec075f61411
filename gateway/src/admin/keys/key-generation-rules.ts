import { GatewayError } from '@routeiq/contract'
import type { KeyGenerationConfig } from '../../config/config.ts'
import type { Caller } from '../../identity/caller.ts'
import type { SubjectStore } from '../../storage/subject-store.ts'
import { requirePermission } from '../governance/access.ts'

type Body = Readonly<Record<string, unknown>>

/**
 * Holds who is no admin to `key_generation_settings`: the roles that may make keys of a team, or keys of no team, and what such
 * keys must say. Errors: 403 for another role, 400 for a parameter that is missing.
 */
export async function requireMayGenerate(
  { team, personal }: KeyGenerationConfig,
  subjects: Pick<SubjectStore, 'membershipsOf'>,
  caller: Caller | null,
  body: Body,
): Promise<void> {
  if (caller === null || caller.isAdmin) return
  const teamId = typeof body['team_id'] === 'string' ? body['team_id'] : null
  const { roles, requiredParams } = teamId === null ? personal : team
  if (roles !== null) {
    const role = teamId === null ? caller.role : await roleInTeam(subjects, caller, teamId)
    requirePermission(
      role !== null && roles.includes(role),
      'key.write',
      `Keys of ${teamId === null ? 'one’s own' : 'a team'} may be made by these roles only: ${roles.join(', ')}.`,
    )
  }
  const missing = requiredParams.find((name) => isMissing(body[name]))
  if (missing === undefined) return
  throw new GatewayError('invalid_request', `This gateway wants \`${missing}\` of every such key.`, {
    param: missing,
  })
}

async function roleInTeam(
  subjects: Pick<SubjectStore, 'membershipsOf'>,
  { userId }: Caller,
  teamId: string,
): Promise<string | null> {
  if (userId === null) return null
  const memberships = await subjects.membershipsOf('team', userId)
  return memberships.find(({ groupId }) => groupId === teamId)?.role ?? null
}

const isMissing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
