import type { PriceTable } from '../pricing/price-table.ts'
import { type GrantLayer, isModelAllowed, type ModelGrants } from './allowed-models.ts'
import { buildGroup } from './build-group.ts'
import type { Deployment, ModelGroup, WildcardGroup } from './deployment.ts'
import { isOpenTo } from './is-open-to.ts'
import { matchPattern } from './match-pattern.ts'
import { type ObjectGrants, resolveTarget } from './resolve-model.ts'
import type { RoutingSnapshot } from './routing-snapshot.ts'

interface ListedModel {
  readonly id: string
  /** The provider of its first deployment. */
  readonly provider: string
  /** Of that deployment; null when unknown. */
  readonly maxInputTokens: number | null
  readonly maxOutputTokens: number | null
}

/** Who asks, and how. */
export interface ListingRequest {
  readonly key: ModelGrants
  readonly layers: readonly GrantLayer[]
  readonly teamId: string | null
  readonly agents?: ObjectGrants | undefined
  /** `return_wildcard_routes`: wildcards are replaced by the known models they cover. */
  readonly expandWildcards: boolean
}

/** The models a principal may call by name, in file order: groups, team names, visible aliases, wildcards, agents. */
export function listModels(
  snapshot: RoutingSnapshot,
  request: ListingRequest,
  prices: PriceTable,
): readonly ListedModel[] {
  const listed = new Map<string, ListedModel>()
  const offer = (name: string, group: ModelGroup): void => {
    const visible = group.deployments.find((deployment) => isVisible(deployment, request.teamId))
    if (visible === undefined || listed.has(name)) return
    const resolution = { requestedName: name, effectiveName: name, group, pinned: false }
    if (isModelAllowed(request.key, request.layers, resolution)) {
      const { maxInputTokens, maxOutputTokens } = visible.facts
      listed.set(name, { id: name, provider: visible.provider.id, maxInputTokens, maxOutputTokens })
    }
  }
  const findAgent = (name: string): ModelGroup | null =>
    request.agents === undefined ? null : snapshot.agents.find(name, request.agents)
  for (const [name, group] of snapshot.groups) if (!isTeamInternal(group)) offer(name, group)
  const teamModels = request.teamId === null ? undefined : snapshot.teamModels.get(request.teamId)
  for (const [name, group] of teamModels ?? []) offer(name, group)
  for (const [name, alias] of snapshot.aliases) {
    if (alias.hidden) continue
    const target = resolveTarget(snapshot, name, request.teamId)?.group ?? findAgent(alias.model)
    if (target !== null) offer(name, target)
  }
  for (const wildcard of snapshot.wildcards) offerWildcard(wildcard, request, prices, offer)
  const agents = request.agents === undefined ? [] : snapshot.agents.list(request.agents)
  for (const group of agents) offer(group.name, group)
  return [...listed.values()]
}

function offerWildcard(
  wildcard: WildcardGroup,
  request: ListingRequest,
  prices: PriceTable,
  offer: (name: string, group: ModelGroup) => void,
): void {
  if (!request.expandWildcards) {
    offer(wildcard.pattern, buildGroup(wildcard.pattern, wildcard.deployments))
    return
  }
  const providers = new Set(wildcard.deployments.map((deployment) => deployment.provider.id))
  for (const provider of providers) {
    for (const model of prices.modelsOf(provider)) {
      const name = [model, `${provider}/${model}`].find(
        (form) => matchPattern(wildcard.pattern, form) !== null,
      )
      const group = name === undefined ? null : wildcard.instantiate(name)
      if (group !== null) offer(group.name, group)
    }
  }
}

function isVisible(deployment: Deployment, teamId: string | null): boolean {
  return !deployment.config.info.blocked && isOpenTo(deployment, { isAdmin: false, teamId })
}

/** Team deployments are known by their public name; the group name behind it is not shown. */
function isTeamInternal(group: ModelGroup): boolean {
  return group.deployments.every((deployment) => deployment.config.info.teamPublicModelName !== null)
}
