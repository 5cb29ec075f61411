import type { FallbackTable, FallbackTarget, RoutingConfig } from '../config/config.ts'
import type { ModelGroup } from '../deployments/deployment.ts'
import type { FailureRule } from './failure-rules.ts'

/** The fallback extras of one request; null members leave the configuration in force. */
export interface RequestFallbacks {
  readonly general: readonly FallbackTarget[] | null
  readonly contextWindow: readonly FallbackTarget[] | null
  readonly contentPolicy: readonly FallbackTarget[] | null
  readonly disabled: boolean
}

/** A target and who named it: targets a request names are held against the key's permissions. */
export interface NamedTarget {
  readonly target: FallbackTarget
  readonly fromRequest: boolean
}

/**
 * The targets to try after a failure in `group`, best first. Lists the request brings replace the configured ones.
 * `requestedName` is what the client asked for while its own group is the one that failed, else null.
 */
export function findFallbacks(
  fallback: FailureRule['fallback'],
  group: ModelGroup,
  requestedName: string | null,
  routing: RoutingConfig,
  request: RequestFallbacks | null,
): readonly NamedTarget[] {
  if (request?.disabled === true || fallback === 'none') return []
  if (fallback === 'opt-in' && !routing.fallbackOnBadRequest) return []
  if (fallback === 'context_window') {
    const special = select(
      request?.contextWindow ?? null,
      routing.contextWindowFallbacks,
      group,
      requestedName,
    )
    if (special.length > 0) return special
  }
  if (fallback === 'content_policy') {
    const special = select(
      request?.contentPolicy ?? null,
      routing.contentPolicyFallbacks,
      group,
      requestedName,
    )
    if (special.length > 0) return special
  }
  const general = select(request?.general ?? null, routing.fallbacks, group, requestedName)
  if (general.length > 0 || request?.general != null) return general
  return routing.defaultFallbacks.map((target) => ({ target, fromRequest: false }))
}

function select(
  requested: readonly FallbackTarget[] | null,
  table: FallbackTable,
  group: ModelGroup,
  requestedName: string | null,
): readonly NamedTarget[] {
  if (requested !== null) return requested.map((target) => ({ target, fromRequest: true }))
  return lookUp(table, group, requestedName).map((target) => ({ target, fromRequest: false }))
}

/** Exact name, then the name without its provider, then `*`. */
function lookUp(
  table: FallbackTable,
  group: ModelGroup,
  requestedName: string | null,
): readonly FallbackTarget[] {
  if (table.size === 0) return []
  const names =
    requestedName === null || requestedName === group.name ? [group.name] : [requestedName, group.name]
  for (const name of [...names, ...names.map((full) => stripProvider(full, group)), '*']) {
    const targets = table.get(name)
    if (targets !== undefined) return targets
  }
  return []
}

function stripProvider(name: string, group: ModelGroup): string {
  const prefix = `${group.deployments[0]?.provider.id}/`
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}
