import { readList, readString } from '../../conversation/json-value.ts'
import type { Caller } from '../../identity/caller.ts'
import type { RemoteAgent } from './remote-agent.ts'

/**
 * Whether a caller may see and call an agent: everything, unless its key names agents (`object_permission.agents`) or
 * groups of them (`agent_access_groups`). Agents of a team are for that team. Admins see all.
 */
export function mayUseAgent(caller: Caller, agent: RemoteAgent): boolean {
  if (caller.isAdmin) return true
  if (!agent.isEnabled) return false
  if (agent.teamId !== null && agent.teamId !== caller.teamId) return false
  const agents = texts(caller.objectPermission['agents'])
  const groups = texts(caller.objectPermission['agent_access_groups'])
  if (agents.length === 0 && groups.length === 0) return true
  return (
    agents.includes(agent.agentId) ||
    agents.includes(agent.name) ||
    agent.accessGroups.some((group) => groups.includes(group))
  )
}

function texts(value: unknown): readonly string[] {
  return readList(value).flatMap((member) => readString(member) ?? [])
}
