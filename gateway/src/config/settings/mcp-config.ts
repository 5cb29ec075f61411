import type { McpConfig, McpServerSettings } from '../config.ts'
import type { Report } from '../report.ts'
import { isRecord, type UnknownRecord } from '../values/coerce.ts'
import type { ConfigSections } from './config-sections.ts'
import { mcpServerBody } from './mcp-server-body.ts'

const largestPage = 100

/** The gateway for tool servers: its switches, and `mcp_servers` with the short names of `mcp_aliases`. */
export function readMcpConfig(root: UnknownRecord, sections: ConfigSections): McpConfig {
  const { settings, litellm, report } = sections
  const servers = readServers(root['mcp_servers'], litellm.record('mcp_aliases'), report)
  const ms = (id: string): number => Math.round(Math.max(0, settings.number(id)) * 1000)
  const page = (id: string): number => Math.min(largestPage, Math.max(1, settings.number(id)))
  const given = (id: string): boolean | null => (settings.isGiven(id) ? settings.boolean(id) : null)
  return {
    enabled: given('mcp.enabled') ?? servers.length > 0,
    isRestHidden: !settings.boolean('mcp.mode'),
    toolInvocation: given('mcp.tool_invocation_enabled'),
    enforcesAccessGroups: settings.boolean('mcp.access_group_enforcement'),
    proxyEnabled: settings.boolean('mcp.protocol_proxy_enabled'),
    oauthEnabled: settings.boolean('mcp.oauth_enabled'),
    sse: {
      isEnabled: settings.boolean('mcp.sse_enabled'),
      isLegacy: settings.boolean('mcp.sse_legacy_mode'),
      heartbeatMs: Math.max(100, ms('mcp.sse_heartbeat')),
      maxDurationMs: ms('mcp.sse_max_duration'),
      retryMs: settings.number('mcp.sse_retry'),
      idleMs: ms('mcp.sse_session_timeout'),
    },
    sharesChanges: settings.boolean('mcp.ha_sync_enabled'),
    syncIntervalMs: Math.max(100, ms('mcp.sync_interval')),
    isPersistent: settings.boolean('mcp.db_persistence_enabled'),
    serverName: settings.text('mcp.server_name') ?? 'routeiq-mcp-gateway',
    serverVersion: settings.text('mcp.server_version'),
    toolsPageSize: page('mcp.tools_page_size'),
    resourcesPageSize: page('mcp.resources_page_size'),
    sessionIdleMs: ms('mcp.session_timeout'),
    callTimeoutMs: ms('mcp.client_timeout'),
    listTimeoutMs: ms('mcp.tool_list_timeout'),
    healthTimeoutMs: ms('mcp.health_timeout'),
    metadataTimeoutMs: ms('mcp.metadata_timeout'),
    healthIntervalMs: Math.max(1_000, ms('mcp.health_interval')),
    toolPrefix: (settings.text('mcp.tool_prefix') ?? 'always') as McpConfig['toolPrefix'],
    subregistry: {
      namespace: settings.text('mcp.registry.namespace') ?? 'local.routeiq',
      isPublic: settings.boolean('mcp.registry.public'),
    },
    tracesCalls: settings.boolean('mcp.tracing_enabled'),
    lint: settings.text('mcp.lint') === 'quarantine' ? 'quarantine' : 'warn',
    confirmTools: settings.list('mcp.confirm_tools'),
    allowedHosts: settings.list('mcp.allowed_hosts').map((host) => host.toLowerCase()),
    allowedOrigins: settings.list('mcp.allowed_origins'),
    stdioApi: {
      isEnabled: settings.boolean('mcp.stdio_api'),
      commands: readCommands(settings.list('mcp.stdio_commands'), report),
    },
    servers,
  }
}

/** Commands with the arguments they begin with. What stands for any text would be no limit. */
function readCommands(written: readonly string[], report: Report): string[][] {
  return written.flatMap((line) => {
    const words = line.split(/\s+/).filter((word) => word !== '')
    if (words.length > 0 && !line.includes('*')) return [words]
    report.warn(['routeiq', 'mcp', 'stdio_commands'], 'an entry that is empty or has a * allows nothing')
    return []
  })
}

/** An entry that cannot be used is reported and left out; the others are there. */
function readServers(section: unknown, aliases: UnknownRecord, report: Report): McpServerSettings[] {
  if (section === undefined || section === null) return []
  if (!isRecord(section)) {
    report.warn(['mcp_servers'], 'this should be a map of servers by name; it is ignored')
    return []
  }
  const aliasOf = new Map(Object.entries(aliases).map(([alias, name]) => [name, alias]))
  const servers: McpServerSettings[] = []
  for (const [name, entry] of Object.entries(section)) {
    const path = ['mcp_servers', name]
    const alias = aliasOf.get(name)
    const body = isRecord(entry) ? { ...(alias !== undefined && { alias }), ...entry } : entry
    const parsed = mcpServerBody.safeParse(isRecord(body) ? inForm(name, body) : body)
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        report.error([...path, ...issue.path.map(String)], `${issue.message}; the server is left out`)
      continue
    }
    const clash = servers.find((other) => shortName(other) === shortName(parsed.data))
    if (clash === undefined) servers.push(parsed.data)
    else report.error(path, `its alias is that of ${clash.serverId}; the server is left out`)
  }
  return servers
}

/** The file's spelling in the form of REST. Without a transport, a command means stdio and a URL old SSE. */
function inForm(name: string, entry: UnknownRecord): UnknownRecord {
  return {
    server_id: name,
    name,
    transport: entry['command'] === undefined ? 'sse' : 'stdio',
    ...entry,
  }
}

function shortName({ alias, serverId }: McpServerSettings): string {
  return (alias ?? serverId).toLowerCase()
}
