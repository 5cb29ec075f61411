import { GatewayError } from '@routeiq/contract'
import { buildGroup } from './build-group.ts'
import type { ModelGroup } from './deployment.ts'
import { isOpenTo } from './is-open-to.ts'
import type { RoutingSnapshot } from './routing-snapshot.ts'

/** What name resolution needs to know about the caller. */
export interface NamingPrincipal {
  readonly teamId: string | null
  /** Requested name → actual name, of the key and of its team; null when there are none. */
  readonly keyAliases: ReadonlyMap<string, string> | null
  readonly teamAliases: ReadonlyMap<string, string> | null
  /** Absent for whoever may use no agent. */
  readonly agents?: ObjectGrants
}

/** An `object_permission` as it was sent: lists of the agents, tool servers, groups and tools it names. */
export type ObjectPermission = Readonly<Record<string, unknown>>

/** Which agents and tool servers somebody may use. */
export interface ObjectGrants {
  readonly isAdmin: boolean
  readonly teamId: string | null
  /** Of the key and of its team. */
  readonly permissions: readonly ObjectPermission[]
  /** The registered agent the key is for, which has an `object_permission` of its own. */
  readonly agentId: string | null
}

/** What a requested name stands for. */
export interface Resolution {
  /** As the client wrote it. */
  readonly requestedName: string
  /** After `completion_model` and the aliases of key and team, which rewrite a name before anything is looked up. */
  readonly effectiveName: string
  readonly group: ModelGroup
  /** True when the name was a deployment id: exactly this deployment, cooling down or not. */
  readonly pinned: boolean
}

/**
 * Finds the group for a requested model name: rewrites, then deployment id, group, alias (one hop), team name,
 * wildcard, router and agent, the first hit winning. Matching is textual. Errors: throws `invalid_model` when nothing matches, or
 * only what other teams own.
 */
export function resolveModel(
  snapshot: RoutingSnapshot,
  requestedName: string,
  principal: NamingPrincipal,
): Resolution {
  const effectiveName = rewriteName(snapshot, requestedName, principal)
  const resolution = lookUp(snapshot, requestedName, effectiveName, principal)
  if (resolution === null) throw unknownModel(requestedName)
  return resolution
}

/** The same look-up for a name the gateway itself chose (a fallback target); null when nothing matches. */
export function resolveTarget(
  snapshot: RoutingSnapshot,
  name: string,
  teamId: string | null,
): Resolution | null {
  return lookUp(snapshot, name, name, { teamId })
}

type Looker = Pick<NamingPrincipal, 'teamId' | 'agents'>

function lookUp(
  snapshot: RoutingSnapshot,
  requestedName: string,
  effectiveName: string,
  principal: Looker,
): Resolution | null {
  const plain = findPlain(snapshot, effectiveName, principal)
  // Nearly every name is that of a group, and the ids are too many to be looked at for it.
  if (plain !== undefined && !snapshot.idsLikeGroups.has(effectiveName))
    return { requestedName, effectiveName, group: plain, pinned: false }
  const pinned = findPinned(snapshot, effectiveName, principal.teamId)
  const group =
    pinned ?? findGroup(snapshot, effectiveName, principal) ?? findAgent(snapshot, effectiveName, principal)
  return group === null ? null : { requestedName, effectiveName, group, pinned: pinned !== null }
}

function rewriteName(snapshot: RoutingSnapshot, requestedName: string, principal: NamingPrincipal): string {
  const forced = snapshot.completionModel
  if (forced !== null) return forced
  return (
    principal.keyAliases?.get(requestedName) ?? principal.teamAliases?.get(requestedName) ?? requestedName
  )
}

function findPinned(snapshot: RoutingSnapshot, name: string, teamId: string | null): ModelGroup | null {
  const deployment = snapshot.byDeploymentId.get(name)
  if (deployment === undefined) return null
  const owner = deployment.config.info.teamId
  if (owner !== null && owner !== teamId) return null
  return buildGroup(deployment.group, [deployment])
}

function findPlain({ groups }: RoutingSnapshot, name: string, looker: Looker): ModelGroup | undefined {
  const group = groups.get(name)
  return group !== undefined && isThere(group, looker) ? group : undefined
}

/** What other teams own all of is passed over, as if it did not exist. */
function isThere({ isTeamOwned, deployments }: ModelGroup, { teamId, agents }: Looker): boolean {
  if (!isTeamOwned) return true
  const looking = { isAdmin: agents?.isAdmin === true, teamId }
  return deployments.some((deployment) => isOpenTo(deployment, looking))
}

function findGroup(snapshot: RoutingSnapshot, name: string, looker: Looker): ModelGroup | null {
  const group = findPlain(snapshot, name, looker)
  if (group !== undefined) return group
  const alias = snapshot.aliases.get(name)
  if (alias !== undefined)
    return findPinned(snapshot, alias.model, looker.teamId) ?? findUnaliased(snapshot, alias.model, looker)
  return findUnaliased(snapshot, name, looker)
}

/** Agents are models by the name `a2a/<agent>`; what the caller may not use looks unknown. */
function findAgent(
  snapshot: RoutingSnapshot,
  name: string,
  { agents }: Pick<NamingPrincipal, 'agents'>,
): ModelGroup | null {
  if (agents === undefined) return null
  return snapshot.agents.find(snapshot.aliases.get(name)?.model ?? name, agents)
}

function findUnaliased(snapshot: RoutingSnapshot, name: string, looker: Looker): ModelGroup | null {
  const group = findPlain(snapshot, name, looker)
  if (group !== undefined) return group
  const { teamId } = looker
  if (teamId !== null) {
    const team = snapshot.teamModels.get(teamId)?.get(name)
    if (team !== undefined) return team
  }
  for (const wildcard of snapshot.wildcards) {
    const concrete = wildcard.instantiate(name)
    if (concrete !== null && isThere(concrete, looker)) return concrete
  }
  return snapshot.routers.get(name)?.group ?? snapshot.thresholds.find(name)
}

function unknownModel(name: string): GatewayError {
  const shown = name.length > 256 ? `${name.slice(0, 256)}…` : name
  return new GatewayError(
    'invalid_model',
    `Invalid model name passed in model=${shown}. Call \`/v1/models\` to view available models for your key.`,
    { param: 'model' },
  )
}
