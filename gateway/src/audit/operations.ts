/** What a route does to what, as the audit log and traces call it. */
export interface Operation {
  readonly action: string
  readonly resourceType: string
  /** `critical` gives or takes rights, secrets or everything of somebody. */
  readonly sensitivity: 'critical' | 'high' | 'medium'
  /** Members of the answer, the body or the path that name the resource, the first that is there. */
  readonly ids: readonly string[]
  /** Members of the body that say what was asked for. */
  readonly details: readonly string[]
  /** Only attempts that failed are recorded here; the plane itself knows best what it has done. */
  readonly recordsItself: boolean
}

type Extra = Partial<Pick<Operation, 'details' | 'recordsItself' | 'sensitivity'>>

const critical = /(?:delete|generate|regenerate|permissions_update|credential|bulk_update)/
const high = /(?:create|add|update|block|member)/

const itself = { recordsItself: true } as const

/** The operations of every route that changes something and is no call of a model, tool or agent: `POST /key/generate`. */
const operations: ReadonlyMap<string, Operation> = new Map([
  ...group('management.key', 'key', ['token_id', 'token', 'deleted_keys', 'key_id', 'id', 'key', 'keys'], {
    'POST /key/generate': 'generate',
    'POST /key/service-account/generate': 'generate',
    'POST /me/keys': 'generate',
    'POST /key/update': 'update',
    'POST /key/bulk_update': 'bulk_update',
    'POST /key/delete': 'delete',
    'DELETE /me/keys/{id}': 'delete',
    'POST /key/regenerate': 'regenerate',
    'POST /key/successor': 'hand_over',
    'POST /key/{key}/regenerate': 'regenerate',
    'POST /key/{key}/reset_spend': 'reset_spend',
    'POST /key/block': 'block',
    'POST /key/unblock': 'unblock',
  }),
  ...group('management.user', 'user', ['user_id', 'user_ids'], {
    'POST /user/new': 'create',
    'POST /user/update': 'update',
    'POST /user/bulk_update': 'bulk_update',
    'POST /user/delete': 'delete',
  }),
  ...group('management.team', 'team', ['team_id', 'team_ids'], {
    'POST /team/new': 'create',
    'POST /team/update': 'update',
    'POST /team/delete': 'delete',
    'POST /team/block': 'block',
    'POST /team/unblock': 'unblock',
    'POST /team/member_add': 'member_add',
    'POST /team/bulk_member_add': 'member_add',
    'POST /team/member_update': 'member_update',
    'POST /team/member_delete': 'member_delete',
    'POST /team/model/add': 'model_add',
    'POST /team/model/delete': 'model_delete',
    'POST /team/permissions_update': 'permissions_update',
  }),
  ...group('management.organization', 'organization', ['organization_id', 'organization_ids'], {
    'POST /organization/new': 'create',
    'PATCH /organization/update': 'update',
    'POST /organization/update': 'update',
    'DELETE /organization/delete': 'delete',
    'POST /organization/delete': 'delete',
    'POST /organization/member_add': 'member_add',
    'PATCH /organization/member_update': 'member_update',
    'POST /organization/member_update': 'member_update',
    'DELETE /organization/member_delete': 'member_delete',
    'POST /organization/member_delete': 'member_delete',
  }),
  ...['/customer', '/end_user'].flatMap((root) =>
    group('management.customer', 'customer', ['user_id', 'user_ids'], {
      [`POST ${root}/new`]: 'create',
      [`POST ${root}/update`]: 'update',
      [`POST ${root}/delete`]: 'delete',
      [`POST ${root}/block`]: 'block',
      [`POST ${root}/unblock`]: 'unblock',
    }),
  ),
  ...group('management.tag', 'tag', ['name'], {
    'POST /tag/new': 'create',
    'POST /tag/update': 'update',
    'POST /tag/delete': 'delete',
  }),
  ...group('management.budget', 'budget', ['budget_id', 'id'], {
    'POST /budget/new': 'create',
    'POST /budget/update': 'update',
    'POST /budget/delete': 'delete',
  }),
  ...group('management.model', 'model', ['model_id', 'id', 'model_name', 'name'], {
    'POST /model/new': 'add',
    'POST /model/update': 'update',
    'PATCH /model/{id}/update': 'update',
    'POST /model/delete': 'delete',
    'POST /api/v1/routeiq/models': 'add',
    'PUT /api/v1/routeiq/models/{name+}': 'update',
    'DELETE /api/v1/routeiq/models/{name+}': 'delete',
  }),
  ...group('management.credential', 'credential', ['credential_name', 'name'], {
    'POST /credentials': 'create',
    'PATCH /credentials/{name}': 'update',
    'DELETE /credentials/{name}': 'delete',
  }),
  ...group('governance.workspace', 'workspace', ['workspace_id', 'id'], {
    'POST /api/v1/routeiq/governance/workspaces': 'create',
    'PUT /api/v1/routeiq/governance/workspaces/{id}': 'update',
    'DELETE /api/v1/routeiq/governance/workspaces/{id}': 'delete',
  }),
  ...group('governance.key', 'key', ['key_id'], {
    'PUT /api/v1/routeiq/governance/keys/{key_id}': 'update',
    'DELETE /api/v1/routeiq/governance/keys/{key_id}': 'delete',
  }),
  ...group('governance.policy', 'usage_policy', ['policy_id', 'id'], {
    'POST /api/v1/routeiq/governance/policies': 'create',
    'PUT /api/v1/routeiq/governance/policies/{id}': 'update',
    'DELETE /api/v1/routeiq/governance/policies/{id}': 'delete',
    'POST /api/v1/routeiq/governance/policies/{id}/reset': 'reset',
  }),
  ...group('governance.quota', 'workspace', ['workspace'], {
    'PUT /api/v1/quotas/{workspace}': 'update',
    'DELETE /api/v1/quotas/{workspace}': 'delete',
  }),
  ...group('system.cache', 'cache', ['key'], {
    'POST /admin/cache/flush': 'flush',
    'POST /cache/flushall': 'flush',
    'POST /cache/delete': 'delete',
  }),
  ...group(
    'system.breaker',
    'breaker',
    ['name'],
    {
      'POST /api/v1/routeiq/breakers/{name}/open': 'open',
      'POST /api/v1/routeiq/breakers/{name}/close': 'close',
    },
    { details: ['duration_seconds'], sensitivity: 'high' },
  ),
  ...group('system.config', 'configuration', [], {
    'POST /router/reload': 'reload',
    'POST /llmrouter/reload': 'reload',
    'POST /config/reload': 'reload',
  }),
  ...group(
    'management.spend',
    'spend',
    [],
    { 'POST /global/spend/reset': 'reset' },
    { sensitivity: 'critical' },
  ),
  ...group(
    'routing',
    'routing',
    ['user_id'],
    { 'POST /router/kill-switch': 'kill_switch', 'POST /api/v1/routeiq/routing/config': 'configure' },
    {
      details: ['enabled', 'reason', 'active_strategy', 'routing_profile', 'centroid_routing_enabled'],
      sensitivity: 'high',
    },
  ),
  ...group('routing.judging', 'routing', [], {
    'POST /api/v1/routeiq/eval/run-batch': 'judge',
    'POST /api/v1/routeiq/eval/push-feedback': 'teach',
  }),
  ...group('routing.preference', 'user', ['user_id'], {
    'DELETE /api/v1/routeiq/routing/preferences/{user_id}': 'delete',
  }),
  ...group(
    'experiment',
    'experiment',
    ['id'],
    {
      'POST /api/v1/evidence/experiments': 'create',
      'POST /api/v1/evidence/experiments/{id}/start': 'running',
      'POST /api/v1/evidence/experiments/{id}/stop': 'stopped',
      'POST /api/v1/evidence/experiments/{id}/approve': 'approved',
      'POST /api/v1/evidence/experiments/{id}/reject': 'rejected',
      'POST /api/v1/evidence/experiments/{id}/rollback': 'rolled_back',
    },
    { details: ['reason'] },
  ),
  ...group(
    'routing.bundle',
    'routing_bundle',
    ['id'],
    {
      'POST /api/v1/evidence/bundles/{id}/stage': 'stage',
      'POST /api/v1/evidence/bundles/{id}/promote': 'promote',
      'POST /api/v1/evidence/bundles/{id}/rollback': 'rollback',
    },
    { details: ['force'] },
  ),
  ...group(
    'mcp.server',
    'mcp_server',
    ['server_id'],
    {
      'POST /llmrouter/mcp/servers': 'create',
      'PUT /llmrouter/mcp/servers/{server_id}': 'update',
      'DELETE /llmrouter/mcp/servers/{server_id}': 'delete',
      'POST /v1/mcp/server': 'create',
      'PUT /v1/mcp/server': 'update',
      'DELETE /v1/mcp/server/{server_id}': 'delete',
      'POST /v1/mcp/make_public': 'update',
      'POST /v1/mcp/server/{server_id}/approve': 'create',
    },
    itself,
  ),
  ...group('mcp.submission', 'mcp_server', ['server_id'], {
    'POST /v1/mcp/server/register': 'create',
    'POST /v1/mcp/server/{server_id}/reject': 'reject',
  }),
  ...group('mcp.toolset', 'mcp_toolset', ['toolset_id'], {
    'POST /v1/mcp/toolset': 'create',
    'PUT /v1/mcp/toolset': 'update',
    'DELETE /v1/mcp/toolset/{toolset_id}': 'delete',
  }),
  ...group('mcp.server', 'mcp_server', ['server_id', 'url'], {
    'POST /mcp-rest/test/connection': 'test',
    'POST /mcp-rest/test/tools/list': 'test',
  }),
  ...group('mcp', 'mcp_server', ['selector'], {
    'POST /mcp/{selector}/{rest+}': 'proxy',
    'PUT /mcp/{selector}/{rest+}': 'proxy',
    'DELETE /mcp/{selector}/{rest+}': 'proxy',
  }),
  ...group(
    'mcp.tool',
    'mcp_tool',
    ['server_id'],
    {
      'POST /llmrouter/mcp/servers/{server_id}/tools': 'register',
      'POST /v1/mcp/server/{server_id}/tools/{tool_name}/approve': 'approve',
    },
    itself,
  ),
  ...group(
    'a2a.agent',
    'agent',
    ['agent_id', 'id', 'name'],
    {
      'POST /a2a/agents': 'create',
      'PUT /a2a/agents/{id}': 'update',
      'DELETE /a2a/agents/{id}': 'delete',
      'DELETE /agents/{id}': 'delete',
      'POST /v1/agents': 'create',
      'PUT /v1/agents/{id}': 'update',
      'PATCH /v1/agents/{id}': 'update',
      'DELETE /v1/agents/{id}': 'delete',
      'POST /v1/agents/make_public': 'update',
      'POST /v1/agents/{id}/make_public': 'update',
    },
    itself,
  ),
  ...group('skill.exception', 'skill', ['skill'], {
    'POST /api/v1/skills/{skill+}/checks/exceptions': 'create',
  }),
  ...group('skill.plugin', 'plugin', ['name'], {
    'POST /claude-code/plugins': 'create',
    'DELETE /claude-code/plugins/{name}': 'delete',
    'POST /claude-code/plugins/{name}/enable': 'enable',
    'POST /claude-code/plugins/{name}/disable': 'disable',
  }),
  ...group('skill.sharing', 'registry', [], { 'PUT /api/v1/registry/sharing': 'update' }),
  ...group('audit', 'audit_log', [], {
    'GET /api/v1/routeiq/audit': 'read',
    'GET /api/v1/routeiq/audit/verify': 'verify',
    'POST /api/v1/routeiq/audit/erase': 'erase',
  }),
])

/** What a route does that is worth recording; null for all others. */
export function operationOf(method: string, template: string): Operation | null {
  return operations.get(`${method} ${template}`) ?? null
}

function group(
  prefix: string,
  resourceType: string,
  ids: readonly string[],
  verbs: Readonly<Record<string, string>>,
  { details = [], recordsItself = false, sensitivity }: Extra = {},
): [route: string, operation: Operation][] {
  return Object.entries(verbs).map(([route, verb]) => {
    const action = `${prefix}.${verb}`
    const own = sensitivity ?? (critical.test(action) ? 'critical' : high.test(verb) ? 'high' : 'medium')
    return [route, { action, resourceType, sensitivity: own, ids, details, recordsItself }]
  })
}
