import { readRecord } from '../../conversation/json-value.ts'
import type { ObjectGrants, ObjectPermission } from '../../deployments/resolve-model.ts'
import type { Caller } from '../../identity/caller.ts'
import { permissionsOf, readNames } from '../../identity/object-grants.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { AgentDirectory } from './agent-directory.ts'
import type { RemoteAgent } from './remote-agent.ts'

/** Whether a caller registers agents, and sees of them what users do not. */
export function mayWriteAgents(caller: Caller): boolean {
  return holdsPermission(caller, 'a2a.agent.write')
}

type Directory = Pick<AgentDirectory, 'find' | 'list'>

/** The agent with this id or name that somebody may see and call; null also for one they may not. */
export function findUsableAgent(directory: Directory, id: string, grants: ObjectGrants): RemoteAgent | null {
  const agent = directory.find(id)
  return agent !== null && usability(directory, grants)(agent) ? agent : null
}

/** The agents somebody may see and call, by name order. */
export function listUsableAgents(directory: Directory, grants: ObjectGrants): readonly RemoteAgent[] {
  return directory.list().filter(usability(directory, grants))
}

/** What an agent may use when it calls with a key of its own; null for one that is not there. */
export function permissionOfAgent(
  directory: Pick<AgentDirectory, 'find'>,
  id: string,
): ObjectPermission | null {
  const agent = directory.find(id)
  return agent === null ? null : (readRecord(agent.others['object_permission']) ?? unlimited)
}

const unlimited: ObjectPermission = {}

/**
 * Every agent is granted, unless the key, its team or the agent it is for names some (`object_permission.agents`) or groups
 * of them (`agent_access_groups`); where several do, all must. Agents of a team are for that team. Admins may use all.
 */
function usability(directory: Directory, grants: ObjectGrants): (agent: RemoteAgent) => boolean {
  if (grants.isAdmin) return () => true
  const permissions = permissionsOf(grants, (id) => permissionOfAgent(directory, id))
  return (agent) =>
    agent.isEnabled &&
    (agent.teamId === null || agent.teamId === grants.teamId) &&
    permissions.every((permission) => permits(permission, agent))
}

function permits(permission: ObjectPermission, agent: RemoteAgent): boolean {
  const agents = readNames(permission['agents'])
  const groups = readNames(permission['agent_access_groups'])
  if (agents.length === 0 && groups.length === 0) return true
  return (
    agents.includes(agent.agentId) ||
    agents.includes(agent.name) ||
    agent.accessGroups.some((group) => groups.includes(group))
  )
}
