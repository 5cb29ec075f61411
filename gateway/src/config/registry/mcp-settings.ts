import { available, type Setting } from './setting.ts'

/** The gateway for tool servers. */
export const mcpSettings: readonly Setting[] = [
  available('mcp.enabled', 'boolean', null, 'MCP gateway; on when the file lists `mcp_servers`, else off', [
    'MCP_GATEWAY_ENABLED',
  ]),
  available('mcp.mode', 'boolean', true, '`false` hides `/llmrouter/mcp` and `/v1/llmrouter/mcp` alone', [
    'LITELLM_ROUTER_MCP_MODE',
  ]),
  available(
    'mcp.tool_invocation_enabled',
    'boolean',
    null,
    'Unset: tools are called by MCP clients, chat and `/mcp-rest`; `true`: also at `/llmrouter/mcp/tools/call`; `false`: nowhere',
    ['LLMROUTER_ENABLE_MCP_TOOL_INVOCATION'],
  ),
  available('mcp.oauth_enabled', 'boolean', false, 'People sign in to tool servers through the gateway', [
    'MCP_OAUTH_ENABLED',
  ]),
  available('mcp.protocol_proxy_enabled', 'boolean', false, 'Raw access to tool servers, for admins', [
    'MCP_PROTOCOL_PROXY_ENABLED',
  ]),
  available(
    'mcp.access_group_enforcement',
    'boolean',
    false,
    'Servers without groups and teams are hidden from keys that do not name them',
  ),
  available('mcp.ha_sync_enabled', 'boolean', true, 'Changes of tool servers are told to all replicas', [
    'MCP_HA_SYNC_ENABLED',
  ]),
  available('mcp.sync_interval', 'number', 5, 'Seconds after which replicas look for changes themselves', [
    'MCP_SYNC_INTERVAL',
  ]),
  available('mcp.db_persistence_enabled', 'boolean', true, 'Tool servers are kept in the database', [
    'MCP_DB_PERSISTENCE_ENABLED',
  ]),
  available('mcp.server_name', 'text', 'routeiq-mcp-gateway', 'Name by which clients see the gateway', [
    'MCP_SERVER_NAME',
  ]),
  available('mcp.server_version', 'text', null, 'Version that goes with it; that of the product by default', [
    'MCP_SERVER_VERSION',
  ]),
  available(
    'mcp.tools_page_size',
    'integer',
    100,
    'Tools and prompts a page, 100 at most',
    ['MCP_TOOLS_PAGE_SIZE'],
    { example: '20' },
  ),
  available('mcp.resources_page_size', 'integer', 50, 'Resources a page, 100 at most', [
    'MCP_RESOURCES_PAGE_SIZE',
  ]),
  available(
    'mcp.session_timeout',
    'integer',
    1800,
    'Seconds an idle session is kept; 0 serves without sessions',
    ['MCP_SESSION_TIMEOUT'],
  ),
  available('mcp.client_timeout', 'number', 60, 'Seconds a call of a tool server may take', [
    'LITELLM_MCP_CLIENT_TIMEOUT',
  ]),
  available('mcp.tool_list_timeout', 'number', 30, 'Seconds a list of a tool server may take', [
    'LITELLM_MCP_TOOL_LISTING_TIMEOUT',
  ]),
  available('mcp.health_timeout', 'number', 10, 'Seconds a tool server has to answer a probe', [
    'LITELLM_MCP_HEALTH_CHECK_TIMEOUT',
  ]),
  available('mcp.health_interval', 'number', 30, 'Seconds between probes of a tool server'),
  available(
    'mcp.tool_prefix',
    'choice',
    'always',
    'Whether names of tools carry the alias of their server: each, those that two servers have, or none',
    [],
    { choices: ['always', 'conflict', 'never'] },
  ),
  available(
    'mcp.lint',
    'choice',
    'warn',
    'What becomes of a tool whose definition looks like an attack: marked, or held back until an admin approves it',
    [],
    { choices: ['warn', 'quarantine'] },
  ),
  available(
    'mcp.confirm_tools',
    'list',
    [],
    'Tools that models only use when the request agrees to it, beside those whose servers call them destructive; `*` for any text',
    [],
    { example: 'delete_*' },
  ),
  available(
    'mcp.allowed_hosts',
    'list',
    [],
    'Names by which clients may address `/mcp`, beside loopback and the public URL',
    [],
    {
      example: 'tools.example.com',
    },
  ),
  available('mcp.allowed_origins', 'list', [], 'Origins of browsers that may call `/mcp`', [], {
    example: 'https://app.example.com',
  }),
  available(
    'mcp.registry.namespace',
    'text',
    'local.routeiq',
    'What stands before the names of servers at `/v0.1/servers`, a domain of yours in reverse',
    [],
    { example: 'com.example' },
  ),
  available(
    'mcp.registry.public',
    'boolean',
    false,
    '`/v0.1/servers` lists public servers, to everybody, and no others',
  ),
  available('mcp.tracing_enabled', 'boolean', true, 'Calls of tool servers are spans of their requests', [
    'MCP_TRACING_ENABLED',
  ]),
  available('mcp.sse_enabled', 'boolean', true, 'Old SSE transport for clients', [
    'MCP_SSE_TRANSPORT_ENABLED',
  ]),
  available('mcp.sse_legacy_mode', 'boolean', false, 'No stream at `GET /mcp/sse`', ['MCP_SSE_LEGACY_MODE']),
  available('mcp.sse_heartbeat', 'number', 30, 'Seconds between heartbeats of that transport', [
    'MCP_SSE_HEARTBEAT_INTERVAL',
  ]),
  available('mcp.sse_max_duration', 'number', 1800, 'Longest stream of that transport in seconds', [
    'MCP_SSE_MAX_CONNECTION_DURATION',
  ]),
  available('mcp.sse_retry', 'integer', 3000, 'Reconnect delay of that transport in ms', [
    'MCP_SSE_RETRY_INTERVAL_MS',
  ]),
  available('mcp.sse_session_timeout', 'integer', 300, 'Seconds an idle stream of that transport is kept', [
    'MCP_SSE_SESSION_TIMEOUT',
  ]),
  available('mcp.metadata_timeout', 'number', 10, 'Seconds an authorization server has to answer', [
    'LITELLM_MCP_METADATA_TIMEOUT',
  ]),
  available(
    'mcp.stdio_api',
    'boolean',
    false,
    'Admins register the programs of `mcp.stdio_commands` over REST',
  ),
  available(
    'mcp.stdio_commands',
    'list',
    [],
    'Programs that may be registered over REST, each a command and the arguments it has to begin with',
    ['LITELLM_MCP_STDIO_EXTRA_COMMANDS'],
    { example: '/usr/local/bin/files-server --read-only' },
  ),
]
