import { operations } from '../conversation/operation.ts'
import type { ModelPrices } from '../pricing/prices.ts'
import type { Deployment, ModelGroup, Operation } from './deployment.ts'
import { isAgent } from './is-agent.ts'

/** Derives from its deployments (in file order) what every request to a group would otherwise compute. */
export function buildGroup(name: string, deployments: readonly Deployment[]): ModelGroup {
  // What every request reads comes first: an object this large is several lines of the processor's caches.
  return {
    name,
    inProgress: null,
    deployments,
    levels: splitLevels(deployments),
    openFor: listOpenOperations(deployments),
    isTeamOwned: isTeamOwned(deployments),
    isEven: deployments.every(isUnweighted),
    hasAgents: deployments.some(isAgent),
    skillsWish: deployments[0]?.config.info.raw['routeiq_skills'],
    accessGroups: collectAccessGroups(deployments),
    states: deployments.map((deployment) => deployment.state),
    priceLists: listPrices(deployments),
    numRetries:
      deployments.find((deployment) => deployment.config.numRetries !== null)?.config.numRetries ?? null,
  }
}

const isTeamOwned = (deployments: readonly Deployment[]): boolean =>
  deployments.length > 0 && deployments.every(({ config }) => config.info.teamId !== null)

const isUnweighted = ({ config }: Deployment): boolean =>
  config.weight === null && config.requestsPerMinute === null && config.tokensPerMinute === null

/** Each once: deployments of one model share theirs. */
export function listPrices(deployments: readonly Deployment[]): readonly ModelPrices[] {
  return [...new Set(deployments.flatMap(({ prices }) => prices ?? []))]
}

function listOpenOperations(deployments: readonly Deployment[]): Record<Operation, boolean> {
  const open = operations.map((operation) => [operation, isOpenFor(operation, deployments)] as const)
  return Object.fromEntries(open) as Record<Operation, boolean>
}

function isOpenFor(operation: Operation, deployments: readonly Deployment[]): boolean {
  return deployments.every(
    ({ paths, restricted, maxParallelRequests, hasBudget }) =>
      paths[operation] !== null && !restricted && maxParallelRequests === null && !hasBudget,
  )
}

/** The union of the `access_groups` of the given deployments. */
export function collectAccessGroups(deployments: readonly Deployment[]): readonly string[] {
  return [...new Set(deployments.flatMap((deployment) => deployment.config.info.accessGroups))]
}

function splitLevels(deployments: readonly Deployment[]): readonly (readonly Deployment[])[] {
  const levels = new Map<number, Deployment[]>()
  for (const deployment of deployments) {
    const order = deployment.config.order ?? Number.POSITIVE_INFINITY
    const level = levels.get(order)
    if (level === undefined) levels.set(order, [deployment])
    else level.push(deployment)
  }
  if (levels.size === 1) return [deployments]
  return [...levels].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, level]) => level)
}
