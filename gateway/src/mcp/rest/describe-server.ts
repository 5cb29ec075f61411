import type { McpOAuthSettings, McpServerSettings } from '../../config/config.ts'
import type { Caller } from '../../identity/caller.ts'
import { ownerOf } from '../accounts/credential.ts'
import type { McpGateway } from '../mcp-gateway.ts'
import type { McpServer } from '../server.ts'

/** What lists of `/llmrouter/mcp` say about a server. */
export function summarizeServer(gateway: McpGateway, caller: Caller, server: McpServer): object {
  const { settings } = server
  return {
    server_id: settings.serverId,
    name: settings.name,
    url: shownUrl(caller, server),
    transport: settings.writtenTransport,
    ...listOffer(gateway, caller, server),
  }
}

/** The same with whether the caller has accounts of its own there, unless the database is away. */
export async function describeServers(
  gateway: McpGateway,
  caller: Caller,
  servers: readonly McpServer[],
): Promise<object[]> {
  const owner = ownerOf(caller)
  const own = owner === null ? [] : await gateway.oauth.vault.listServers(owner).catch(() => null)
  return servers.map((server) => ({
    ...describeServer(gateway, caller, server),
    ...(own !== null && { has_user_credential: own.includes(server.settings.serverId) }),
  }))
}

/** Everything that may be read about a server: of secrets only that they are there. */
export function describeServer(gateway: McpGateway, caller: Caller, server: McpServer): object {
  const { settings } = server
  const health = gateway.catalogue.healthOf(server)
  const isProbed = health.checkedAt !== null
  return {
    ...summarizeServer(gateway, caller, server),
    server_name: settings.name,
    alias: settings.alias,
    description: settings.description,
    instructions: settings.instructions,
    protocol_era: settings.protocolEra,
    auth_type: settings.authType,
    ...describeOAuth(server),
    is_byok: settings.isByok,
    ...describeSecrets(server),
    extra_headers: settings.extraHeaders,
    allowed_tools: settings.allowedTools,
    disallowed_tools: settings.disallowedTools,
    tool_name_to_display_name: settings.displayNames,
    tool_name_to_description: settings.displayDescriptions,
    access_groups: settings.accessGroups,
    mcp_access_groups: settings.accessGroups,
    teams: settings.teams,
    allow_all_keys: settings.allowAllKeys,
    is_public: settings.isPublic,
    approve_on_first_use: settings.approvesOnFirstUse,
    mcp_info: settings.info,
    metadata: settings.metadata,
    source: server.source,
    approval_status: 'approved',
    status: health.status === 'healthy' || health.status === 'unknown' ? health.status : 'unhealthy',
    last_health_check: isProbed ? new Date(health.checkedAt ?? 0).toISOString() : null,
    health_check_error: health.error,
    created_at: server.createdAt,
    created_by: server.createdBy,
    updated_at: server.updatedAt,
    updated_by: server.updatedBy,
  }
}

/** `GET …/health`. */
export function describeHealth(gateway: McpGateway, server: McpServer): object {
  const { settings } = server
  const { status, latencyMs, lastSuccessAt, error } = gateway.catalogue.healthOf(server)
  const offer = gateway.catalogue.offerOf(server)
  return {
    server_id: settings.serverId,
    name: settings.name,
    url: settings.url,
    status,
    latency_ms: latencyMs,
    transport: settings.transport,
    protocol_version: offer?.protocolVersion ?? null,
    era: offer?.era ?? null,
    tool_count: offer?.tools.length ?? 0,
    resource_count: offer?.resources.length ?? 0,
    last_success_at: lastSuccessAt === null ? null : new Date(lastSuccessAt).toISOString(),
    ...(error !== null && { error }),
  }
}

/** A server in the form it is registered with, so that single members can be changed. Secrets are not in it. */
export function writeServer(settings: McpServerSettings): Record<string, unknown> {
  return {
    server_id: settings.serverId,
    name: settings.name,
    alias: settings.alias,
    description: settings.description,
    instructions: settings.instructions,
    url: settings.url,
    spec_path: settings.specPath,
    transport: settings.writtenTransport,
    command: settings.command,
    args: settings.args,
    cwd: settings.cwd,
    run_as: settings.runsAs,
    eager: settings.isEager,
    ...writeLimits(settings),
    protocol_era: settings.protocolEra,
    auth_type: settings.authType,
    ...writeOAuth(settings.oauth),
    is_byok: settings.isByok,
    extra_headers: settings.extraHeaders,
    allowed_tools: settings.allowedTools,
    disallowed_tools: settings.disallowedTools,
    tool_name_to_display_name: settings.displayNames,
    tool_name_to_description: settings.displayDescriptions,
    access_groups: settings.accessGroups,
    teams: settings.teams,
    allow_all_keys: settings.allowAllKeys,
    is_public: settings.isPublic,
    approve_on_first_use: settings.approvesOnFirstUse,
    tools: settings.declaredTools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: inputSchema,
    })),
    resources: settings.declaredResources,
    mcp_info: settings.info,
    metadata: settings.metadata,
  }
}

/** Left out where there are none: servers that are no programs may have none. */
function writeLimits({ limits }: McpServerSettings): Record<string, unknown> {
  if (Object.values(limits).every((limit) => limit === null)) return {}
  const { memoryMb, cpuSeconds, openFiles, processes, fileMb } = limits
  const written = { memory_mb: memoryMb, cpu_seconds: cpuSeconds, open_files: openFiles }
  return { limits: { ...written, processes, file_mb: fileMb } }
}

/** The names of what a caller sees of one server. */
function listOffer(
  gateway: McpGateway,
  caller: Caller,
  { settings }: McpServer,
): { readonly tools: readonly string[]; readonly resources: readonly string[] } {
  const view = gateway.views.find(caller, { selector: settings.serverId })
  return {
    tools: view?.tools.map(({ name }) => name) ?? [],
    resources: view?.resources.map(({ uri }) => uri) ?? [],
  }
}

/** Servers that nobody signs in to say nothing of it. */
function describeOAuth({ settings: { authType, oauth } }: McpServer): object {
  if (authType !== 'oauth2') return {}
  return { ...writeOAuth(oauth), ...(oauth.clientSecret !== null && { client_secret: 'set' }) }
}

function writeOAuth({
  flow,
  authorizationUrl,
  tokenUrl,
  registrationUrl,
  scopes,
  clientId,
}: McpOAuthSettings) {
  return {
    oauth2_flow: flow,
    authorization_url: authorizationUrl,
    token_url: tokenUrl,
    registration_url: registrationUrl,
    scopes,
    client_id: clientId,
  }
}

function describeSecrets({ settings }: McpServer): object {
  return {
    ...(settings.authValue !== null && { auth_value: 'set' }),
    ...(Object.keys(settings.staticHeaders).length > 0 && {
      static_headers: hide(settings.staticHeaders),
    }),
    ...(Object.keys(settings.env).length > 0 && { env: hide(settings.env) }),
  }
}

function hide(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((name) => [name, 'set']))
}

/** What stands behind the `?` may be a credential; only admins see it. */
function shownUrl(caller: Caller, { settings: { url } }: McpServer): string | null {
  return caller.isAdmin || url === null ? url : url.replace(/\?.*$/s, '')
}
