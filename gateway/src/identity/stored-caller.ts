import { compileModelGrants, type GrantLayer } from '../deployments/allowed-models.ts'
import { ModelList } from '../deployments/model-list.ts'
import type { ObjectPermission } from '../deployments/resolve-model.ts'
import { compileAllowances, noAllowances } from '../governance/allowances.ts'
import { readKeyGovernance, readWorkspace } from '../governance/workspaces/workspace.ts'
import type { KeyPrincipal, KeyRecord } from '../storage/key-store.ts'
import type { Caller, CallerGovernance, KeyLimits } from './caller.ts'

/** What a stored key and everybody it belongs to make of a request's caller. */
export function storedCaller(principal: KeyPrincipal): Caller {
  const { key, user, team, organization } = principal
  const role = readText(user?.settings['user_role'])
  const isAdmin = role === 'proxy_admin'
  const objects = {
    isAdmin,
    teamId: key.teamId,
    permissions: [readObjectPermission(key.settings), readObjectPermission(team?.settings ?? {})],
    agentId: readText(key.settings['agent_id']),
  }
  return {
    kind: 'key',
    keyHash: key.tokenHash,
    keyAlias: key.keyAlias,
    keyName: key.keyName,
    userId: key.userId,
    teamId: key.teamId,
    organizationId: key.organizationId ?? organization?.id ?? null,
    grants: compileModelGrants(key.models),
    layers: isAdmin ? [] : layersOf(principal),
    naming: {
      teamId: key.teamId,
      keyAliases: aliasMap(key.aliases),
      teamAliases: aliasMap(team?.settings['model_aliases']),
      agents: objects,
    },
    objects,
    allowedRoutes: key.allowedRoutes.length > 0 ? key.allowedRoutes : routesOfType(key.settings['key_type']),
    allowedRawRoutes: readTexts(key.settings['allowed_passthrough_routes']),
    metadata: key.metadata,
    tags: [...new Set([...key.tags, ...readTexts(team?.settings['tags'])])],
    enforcedParams: readTexts(key.settings['enforced_params']),
    allowedCacheControls: readTexts(key.settings['allowed_cache_controls']),
    limits: readLimits(key.settings),
    governance: governanceOf(principal),
    allowances: isAdmin ? noAllowances : compileAllowances(principal),
    role,
    permissions: new Set([
      ...readPermissions(key.settings['permissions']),
      ...readPermissions(key.metadata['permissions']),
      ...readPermissions(user?.settings['permissions']),
      ...readPermissions(user?.metadata['permissions']),
    ]),
    isAdmin,
  }
}

/** What a key is for, as LiteLLM names it, in its names of groups of routes. */
function routesOfType(type: unknown): readonly string[] {
  if (type === 'llm_api') return ['llm_api_routes']
  if (type === 'management') return ['management_routes']
  return type === 'read_only' ? ['info_routes'] : []
}

/** A user who may call nothing by default may still call what a team may. */
function layersOf({ key, user, team, organization, workspace }: KeyPrincipal): GrantLayer[] {
  const layers: GrantLayer[] = []
  const add = (scope: 'team' | 'user' | 'org', models: readonly string[]): void => {
    if (models.length > 0) layers.push({ scope, grants: compileModelGrants(models) })
  }
  add('team', team?.models ?? [])
  const ofUser = user?.models ?? []
  const isOnlyPersonal = key.teamId !== null && ofUser.every((model) => model === 'no-default-models')
  if (!isOnlyPersonal) add('user', ofUser)
  add('org', organization?.models ?? [])
  const addList = (
    scope: 'workspace' | 'governance',
    models: readonly string[],
    isBlocking: boolean,
  ): void => {
    if (models.length > 0) layers.push({ scope, list: new ModelList(models), isBlocking })
  }
  const rules = workspace === null ? null : readWorkspace(workspace)
  addList('workspace', rules?.blocked_models ?? [], true)
  addList('workspace', rules?.allowed_models ?? [], false)
  addList('governance', readKeyGovernance(key.settings)?.allowed_models ?? [], false)
  return layers
}

/** A workspace's word counts where the key's governance has none. */
function governanceOf({ key, workspace }: KeyPrincipal): CallerGovernance | null {
  const governance = readKeyGovernance(key.settings)
  if (governance === null && workspace === null) return null
  const { scopes = null, enforced_config: config = {}, config_override_allowed = true } = governance ?? {}
  return {
    workspaceId: workspace?.id ?? null,
    scopes: scopes === null || scopes.includes('*') ? null : new Set(scopes),
    enforcedConfig: Object.keys(config).length === 0 ? null : config,
    mayOverride: config_override_allowed,
    routingProfile: workspace === null ? null : readWorkspace(workspace).default_routing_profile,
  }
}

function readObjectPermission({ object_permission: value }: KeyRecord['settings']): ObjectPermission {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** Limits are stored as they were sent; what is no number limits nothing. */
function readLimits(settings: KeyRecord['settings']): KeyLimits {
  const read = (name: string): number | null => {
    const value = settings[name]
    return typeof value === 'number' && Number.isFinite(value) ? value : null
  }
  return {
    maxBudgetUsd: read('max_budget'),
    tokensPerMinute: read('tpm_limit'),
    requestsPerMinute: read('rpm_limit'),
  }
}

function aliasMap(aliases: unknown): ReadonlyMap<string, string> | null {
  if (typeof aliases !== 'object' || aliases === null) return null
  const entries = Object.entries(aliases).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return entries.length === 0 ? null : new Map(entries)
}

/** A map of names to true, a list, or names separated by commas. */
function readPermissions(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(',').flatMap((name) => name.trim() || [])
  if (Array.isArray(value)) return value.filter((name): name is string => typeof name === 'string')
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, isGranted]) => (isGranted === true ? [name] : []))
}

const readText = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const readTexts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : []
