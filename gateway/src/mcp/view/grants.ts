import type { Caller } from '../../identity/caller.ts'
import { aliasOf, type McpServer } from '../server.ts'

/** What a key may see of tool servers, as its `object_permission` and metadata say. */
export interface McpGrants {
  readonly isAdmin: boolean
  /** Ids or aliases, lower case; null when the key does not limit them. */
  readonly servers: ReadonlySet<string> | null
  readonly groups: ReadonlySet<string> | null
  /** By id or alias in lower case: the tools the key may use of it. */
  readonly tools: ReadonlyMap<string, ReadonlySet<string>>
  readonly blockedTools: ReadonlySet<string>
  readonly teamId: string | null
  /** Callers with equal keys see the same. */
  readonly key: string
}

const known = new WeakMap<Caller, McpGrants>()

/** Computed once for each caller the authenticator knows. */
export function grantsOf(caller: Caller): McpGrants {
  const cached = known.get(caller)
  if (cached !== undefined) return cached
  const grants = readGrants(caller)
  known.set(caller, grants)
  return grants
}

function readGrants({ isAdmin, objectPermission, metadata, teamId }: Caller): McpGrants {
  const servers = readTexts(objectPermission['mcp_servers'])
  const groups = [
    ...readTexts(objectPermission['mcp_access_groups']),
    ...readTexts(metadata['mcp_access_groups']),
  ]
  const tools = readTools(objectPermission['mcp_tool_permissions'])
  const blockedTools = readTexts(objectPermission['blocked_tools'])
  return {
    isAdmin,
    servers: servers.length === 0 ? null : new Set(servers.map((name) => name.toLowerCase())),
    groups: groups.length === 0 ? null : new Set(groups),
    tools,
    blockedTools: new Set(blockedTools),
    teamId,
    key: JSON.stringify([
      isAdmin,
      teamId,
      servers.toSorted(),
      groups.toSorted(),
      blockedTools.toSorted(),
      [...tools].map(([name, allowed]) => [name, [...allowed].sort()]).sort(),
    ]),
  }
}

/**
 * Whether a caller may know of a server. With enforcement, servers that name neither groups nor teams are for keys that
 * name them; without it, for every key that names no other servers or groups.
 */
export function maySee(grants: McpGrants, server: McpServer, enforced: boolean): boolean {
  const { accessGroups, teams, allowAllKeys } = server.settings
  if (grants.isAdmin || allowAllKeys) return true
  if (namesOf(server).some((name) => grants.servers?.has(name))) return true
  if (accessGroups.some((group) => grants.groups?.has(group))) return true
  if (grants.teamId !== null && teams.includes(grants.teamId)) return true
  const isOpen = accessGroups.length === 0 && teams.length === 0
  return isOpen && !enforced && grants.servers === null && grants.groups === null
}

/** Whether the server's own lists and those of the key let a tool through. */
export function mayUseTool(grants: McpGrants, server: McpServer, tool: string): boolean {
  const { allowedTools, disallowedTools, serverId } = server.settings
  if (allowedTools.length > 0) {
    if (!allowedTools.some((pattern) => matches(pattern, tool))) return false
  } else if (disallowedTools.some((pattern) => matches(pattern, tool))) return false
  if (grants.isAdmin) return true
  for (const name of namesOf(server)) {
    const allowed = grants.tools.get(name)
    if (allowed !== undefined && !allowed.has(tool)) return false
  }
  const spellings = [tool, `${aliasOf(server)}-${tool}`, `${serverId}.${tool}`, `${serverId}__${tool}`]
  return !spellings.some((spelling) => grants.blockedTools.has(spelling))
}

function namesOf(server: McpServer): string[] {
  return [
    server.settings.serverId.toLowerCase(),
    aliasOf(server).toLowerCase(),
    server.settings.name.toLowerCase(),
  ]
}

function matches(pattern: string, name: string): boolean {
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

function readTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function readTools(value: unknown): Map<string, ReadonlySet<string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map()
  return new Map(
    Object.entries(value).map(([name, tools]) => [name.toLowerCase(), new Set(readTexts(tools))] as const),
  )
}
