import { GatewayError } from '@routeiq/contract'
import { matchPattern } from './match-pattern.ts'
import type { Resolution } from './resolve-model.ts'

/** A `models` list of a key, team or user, compiled once so that a request only looks names up. */
export interface ModelGrants {
  /** As written, for the error text. */
  readonly models: readonly string[]
  readonly allowsAll: boolean
  /** `all-team-models`: whatever the team may call. */
  readonly allowsTeamModels: boolean
  readonly names: ReadonlySet<string>
  readonly patterns: readonly string[]
}

const keywords = new Set(['all-proxy-models', 'all-team-models', 'no-default-models'])

/**
 * Compiles a `models` list: names, `*` patterns, access groups, `all-proxy-models`, `all-team-models` and
 * `no-default-models` (which grants nothing by itself). An empty list allows everything.
 */
export function compileModelGrants(models: readonly string[]): ModelGrants {
  const names = models.filter((model) => !keywords.has(model))
  return {
    models,
    allowsAll: models.length === 0 || models.includes('all-proxy-models') || models.includes('*'),
    allowsTeamModels: models.includes('all-team-models'),
    names: new Set(names),
    patterns: names.filter((name) => name.includes('*')),
  }
}

/**
 * Whether a principal may call what a name stands for. Both the name that is looked up and the group it resolves
 * to must be granted, at the key and, when there is one, at the team; a deployment id is judged by its group. Names
 * the operator or the key's own aliases rewrote are judged by what they were rewritten to.
 */
export function isModelAllowed(key: ModelGrants, team: ModelGrants | null, resolution: Resolution): boolean {
  if (team !== null && !grants(team, resolution)) return false
  if (key.allowsTeamModels && team !== null) return true
  return grants(key, resolution)
}

/** Errors: throws `key_model_access_denied` with the text clients know. */
export function requireModelAllowed(
  key: ModelGrants,
  team: ModelGrants | null,
  resolution: Resolution,
): void {
  if (isModelAllowed(key, team, resolution)) return
  const denying = team !== null && !grants(team, resolution) ? team : key
  const list = denying.models.map((model) => `'${model}'`).join(', ')
  const message =
    `key not allowed to access model. This key can only access models=[${list}]. ` +
    `Tried to access ${resolution.requestedName}`
  throw new GatewayError('key_model_access_denied', message, { param: 'model' })
}

function grants(granted: ModelGrants, resolution: Resolution): boolean {
  if (granted.allowsAll) return true
  const { group, effectiveName, pinned } = resolution
  const byAccessGroup = group.accessGroups.some((name) => granted.names.has(name))
  if (!byAccessGroup && !grantsName(granted, group.name)) return false
  return pinned || effectiveName === group.name || grantsName(granted, effectiveName)
}

function grantsName(granted: ModelGrants, name: string): boolean {
  return granted.names.has(name) || granted.patterns.some((pattern) => matchPattern(pattern, name) !== null)
}
