import type { PriceTable } from '../pricing/price-table.ts'
import { withUpstreamModel } from './build-deployment.ts'
import { buildGroup, collectAccessGroups } from './build-group.ts'
import type { Deployment, ModelGroup, WildcardGroup } from './deployment.ts'
import { matchPattern, substituteCaptures } from './match-pattern.ts'

/** Names come from clients, so the cache of concrete groups must not grow with them. */
const maxConcreteGroups = 1000

/** Makes the wildcard group of one pattern; its concrete groups share the deployments' states. */
export function createWildcardGroup(
  pattern: string,
  deployments: readonly Deployment[],
  prices: PriceTable,
): WildcardGroup {
  const concrete = new Map<string, ModelGroup>()
  const build = (name: string): ModelGroup | null => {
    const captures = matchPattern(pattern, name)
    if (captures === null) return null
    const built = deployments.map((deployment) =>
      withUpstreamModel(
        deployment,
        name,
        substituteCaptures(deployment.config.upstreamModel, captures),
        prices,
      ),
    )
    const group = buildGroup(name, built)
    if (concrete.size >= maxConcreteGroups) concrete.clear()
    concrete.set(name, group)
    return group
  }
  return {
    pattern,
    deployments,
    accessGroups: collectAccessGroups(deployments),
    instantiate: (name) => concrete.get(name) ?? build(name),
  }
}
