import type { ObjectGrants, ObjectPermission } from '../deployments/resolve-model.ts'

/** Finds the `object_permission` of a registered agent by its id or name; null for an agent that is not there. */
export type FindAgentPermission = (agentId: string) => ObjectPermission | null

/** Names nothing that exists: a key of an agent that was removed must not become one that may use everything. */
const nothing: ObjectPermission = { agents: [''], mcp_servers: [''] }

/** Whatever holds somebody to some agents and tool servers; each that names any must name the one. */
export function permissionsOf(
  { permissions, agentId }: ObjectGrants,
  findAgentPermission: FindAgentPermission,
): readonly ObjectPermission[] {
  if (agentId === null) return permissions
  return [...permissions, findAgentPermission(agentId) ?? nothing]
}

/** Names in a member of an `object_permission`. */
export function readNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : []
}
