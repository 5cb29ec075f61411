import type { ObjectPermission } from '../../deployments/resolve-model.ts'
import type { Caller } from '../../identity/caller.ts'
import { readNames } from '../../identity/object-grants.ts'
import { intersect, type Toolset, toolsOf } from '../registry/toolset.ts'
import { aliasOf, type McpServer } from '../server.ts'

/** What a key may see of tool servers: what each `object_permission` that holds it leaves, and its metadata. */
export interface McpGrants {
  readonly isAdmin: boolean
  readonly teamId: string | null
  /** All of them must let something through. */
  readonly layers: readonly GrantLayer[]
  /** Callers with equal keys see the same. */
  readonly key: string
}

/** One `object_permission`: of the key, its team, or the agent it is for. */
interface GrantLayer {
  /** Ids or aliases, lower case; null, as of groups, where servers are not limited by it. */
  readonly servers: ReadonlySet<string> | null
  readonly groups: ReadonlySet<string> | null
  /** Names or ids of toolsets whose tools it is for; null as above. */
  readonly toolsets: ReadonlySet<string> | null
  /** By id or alias in lower case: the tools that may be used of it. */
  readonly tools: ReadonlyMap<string, ReadonlySet<string>>
  readonly blockedTools: ReadonlySet<string>
}

/** Of a caller that is held by these permissions. Groups in the metadata of a key are groups of its own permission. */
export function readGrants(
  { isAdmin, metadata, teamId }: Pick<Caller, 'isAdmin' | 'metadata' | 'teamId'>,
  permissions: readonly ObjectPermission[],
): McpGrants {
  const own = permissions[0] ?? {}
  const groups = [...readNames(own['mcp_access_groups']), ...readNames(metadata['mcp_access_groups'])]
  const all = [{ ...own, mcp_access_groups: groups }, ...permissions.slice(1)]
  return {
    ...{ isAdmin, teamId, layers: all.map(readLayer) },
    key: JSON.stringify([isAdmin, teamId, all.map(relevantMembers)]),
  }
}

function relevantMembers(permission: ObjectPermission): unknown[] {
  return [
    ...['mcp_servers', 'mcp_access_groups', 'mcp_toolsets', 'blocked_tools'].map((name) =>
      readNames(permission[name]).toSorted(),
    ),
    [...readTools(permission['mcp_tool_permissions'])]
      .map(([name, tools]) => [name, [...tools].sort()])
      .sort(),
  ]
}

function readLayer(permission: ObjectPermission): GrantLayer {
  const servers = readNames(permission['mcp_servers'])
  const groups = readNames(permission['mcp_access_groups'])
  const toolsets = readNames(permission['mcp_toolsets'])
  return {
    servers: servers.length === 0 ? null : new Set(servers.map((name) => name.toLowerCase())),
    groups: groups.length === 0 ? null : new Set(groups),
    toolsets: toolsets.length === 0 ? null : new Set(toolsets),
    tools: readTools(permission['mcp_tool_permissions']),
    blockedTools: new Set(readNames(permission['blocked_tools'])),
  }
}

/**
 * Whether a caller may know of a server. With enforcement, servers that name neither groups nor teams are for keys that
 * name them; without it, for every key that names no other servers or groups.
 */
export function maySee(
  { isAdmin, layers, teamId }: McpGrants,
  server: McpServer,
  enforced: boolean,
  toolsets: readonly Toolset[],
): boolean {
  const { accessGroups, teams, allowAllKeys } = server.settings
  if (isAdmin || allowAllKeys) return true
  const isNamed = layers.map(
    (layer) => isNamedBy(layer, server) || toolsOf(server, toolsets, layer.toolsets ?? []).size > 0,
  )
  if (!layers.every((layer, index) => isNamed[index] || !isLimiting(layer))) return false
  const isOpen = accessGroups.length === 0 && teams.length === 0 && !enforced
  return isOpen || isNamed.includes(true) || (teamId !== null && teams.includes(teamId))
}

function isLimiting({ servers, groups, toolsets }: GrantLayer): boolean {
  return servers !== null || groups !== null || toolsets !== null
}

function isNamedBy({ servers, groups }: GrantLayer, server: McpServer): boolean {
  return (
    namesOf(server).some((name) => servers?.has(name)) ||
    server.settings.accessGroups.some((group) => groups?.has(group))
  )
}

/** The tools of a server that a caller sees because of toolsets alone; null where it sees the whole server. */
export function grantedTools(
  { isAdmin, layers }: McpGrants,
  server: McpServer,
  toolsets: readonly Toolset[],
): ReadonlySet<string> | null {
  if (isAdmin || server.settings.allowAllKeys) return null
  const limits = layers
    .filter((layer) => layer.toolsets !== null && !isNamedBy(layer, server))
    .map((layer) => toolsOf(server, toolsets, layer.toolsets ?? []))
  if (limits.length === 0) return null
  return limits.reduce((some, others) => intersect(some, others))
}

/** Whether the server's own lists and those of the caller let a tool through. */
export function mayUseTool({ isAdmin, layers }: McpGrants, server: McpServer, tool: string): boolean {
  const { allowedTools, disallowedTools, serverId } = server.settings
  if (allowedTools.length > 0) {
    if (!allowedTools.some((pattern) => matchesPattern(pattern, tool))) return false
  } else if (disallowedTools.some((pattern) => matchesPattern(pattern, tool))) return false
  if (isAdmin) return true
  const spellings = [tool, `${aliasOf(server)}-${tool}`, `${serverId}.${tool}`, `${serverId}__${tool}`]
  return layers.every(
    ({ tools, blockedTools }) =>
      namesOf(server).every((name) => tools.get(name)?.has(tool) !== false) &&
      !spellings.some((spelling) => blockedTools.has(spelling)),
  )
}

function namesOf(server: McpServer): string[] {
  return [
    server.settings.serverId.toLowerCase(),
    aliasOf(server).toLowerCase(),
    server.settings.name.toLowerCase(),
  ]
}

/** `*` stands for any text. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name
  const parts = pattern.split('*')
  let at = 0
  for (const [index, part] of parts.entries()) {
    const found = index === 0 ? (name.startsWith(part) ? 0 : -1) : name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  const last = parts.at(-1) ?? ''
  return last === '' || name.endsWith(last)
}

function readTools(value: unknown): Map<string, ReadonlySet<string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map()
  return new Map(
    Object.entries(value).map(([name, tools]) => [name.toLowerCase(), new Set(readNames(tools))] as const),
  )
}
