import { GatewayError } from '@routeiq/contract'
import { matchPattern } from './match-pattern.ts'
import type { ModelList } from './model-list.ts'
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

/** What else holds whoever has a key: the lists of its team, its user and its organization, of its workspace and its governance. */
export type GrantLayer =
  | { readonly scope: 'team' | 'user' | 'org'; readonly grants: ModelGrants }
  | {
      readonly scope: 'workspace' | 'governance'
      readonly list: ModelList
      /** The list says what may not be called, instead of what may. */
      readonly isBlocking: boolean
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
 * to must be granted, at the key and at every layer above it; a deployment id is judged by its group. Names
 * the operator or the key's own aliases rewrote are judged by what they were rewritten to.
 */
export function isModelAllowed(
  key: ModelGrants,
  layers: readonly GrantLayer[],
  resolution: Resolution,
): boolean {
  return findDenial(key, layers, resolution) === null
}

/** Errors: throws `key_model_access_denied`, or that of the layer that denies, with the text clients know. */
export function requireModelAllowed(
  key: ModelGrants,
  layers: readonly GrantLayer[],
  resolution: Resolution,
): void {
  const denial = findDenial(key, layers, resolution)
  if (denial === null) return
  if ('list' in denial) throw listDenial(denial, resolution)
  const { scope, grants: denying } = denial
  const list = denying.models.map((model) => `'${model}'`).join(', ')
  const message =
    `${scope} not allowed to access model. This ${scope} can only access models=[${list}]. ` +
    `Tried to access ${resolution.requestedName}`
  throw new GatewayError(`${scope}_model_access_denied`, message, { param: 'model' })
}

/** Whether the lists of a workspace and of a key's governance let it pass. */
export function isListed(layers: readonly GrantLayer[], resolution: Resolution): boolean {
  return layers.every((layer) => !('list' in layer) || lets(layer, resolution))
}

/** Whether a list of what may not be called has it. Being granted a pool by name does not help its models. */
export function isModelBlocked(layers: readonly GrantLayer[], resolution: Resolution): boolean {
  return layers.some((layer) => 'list' in layer && layer.isBlocking && layer.list.touches(resolution))
}

function listDenial(
  { scope, list, isBlocking }: Extract<GrantLayer, { list: ModelList }>,
  { requestedName }: Resolution,
): GatewayError {
  const of = scope === 'workspace' ? 'The workspace of this key' : 'The governance of this key'
  const rule = isBlocking ? 'blocks' : 'only allows'
  const message = `${of} ${rule} models=[${list.entries.join(', ')}]. Tried to access ${requestedName}`
  return new GatewayError('model_access_denied', message, { param: 'model' })
}

function lets(layer: GrantLayer, resolution: Resolution): boolean {
  if ('grants' in layer) return grants(layer.grants, resolution)
  return layer.isBlocking ? !layer.list.touches(resolution) : layer.list.covers(resolution)
}

function findDenial(
  key: ModelGrants,
  layers: readonly GrantLayer[],
  resolution: Resolution,
): GrantLayer | { readonly scope: 'key'; readonly grants: ModelGrants } | null {
  const denying = layers.find((layer) => !lets(layer, resolution))
  if (denying !== undefined) return denying
  if (key.allowsTeamModels && layers.some(({ scope }) => scope === 'team')) return null
  return grants(key, resolution) ? null : { scope: 'key', grants: key }
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
