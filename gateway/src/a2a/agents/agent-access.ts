import { readList, readString } from '../../conversation/json-value.ts'
import type { AgentGrants } from '../../deployments/resolve-model.ts'
import type { Caller } from '../../identity/caller.ts'
import type { RemoteAgent } from './remote-agent.ts'

/** Whether a caller may see and call an agent. */
export function mayUseAgent({ naming }: Caller, agent: RemoteAgent): boolean {
  return grantsAgent(naming.agents, agent)
}

/**
 * Every agent is granted, unless the key or its team names some (`object_permission.agents`) or groups of them
 * (`agent_access_groups`); where both do, both must. Agents of a team are for that team. Admins may use all.
 */
export function grantsAgent({ isAdmin, teamId, permissions }: AgentGrants, agent: RemoteAgent): boolean {
  if (isAdmin) return true
  if (!agent.isEnabled || (agent.teamId !== null && agent.teamId !== teamId)) return false
  return permissions.every((permission) => permits(permission, agent))
}

function permits(permission: Readonly<Record<string, unknown>>, agent: RemoteAgent): boolean {
  const agents = texts(permission['agents'])
  const groups = texts(permission['agent_access_groups'])
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
