import type { GatewayConfig, RoutingProfile } from '../config/config.ts'
import { buildGroup } from './build-group.ts'
import type { Deployment, ModelGroup } from './deployment.ts'

/** One model that can be chosen, with the deployments that serve it. */
export interface Arm {
  /** What decisions and feedback call it: a `model_name` in a pool, `provider/model` within one group. */
  readonly name: string
  readonly group: ModelGroup
  readonly deployments: readonly Deployment[]
}

/** Several models behind one name, and how one of them is chosen. */
export interface RoutedGroup {
  readonly name: string
  /** The deployments of all arms together. */
  readonly group: ModelGroup
  readonly arms: readonly Arm[]
  readonly armOf: ReadonlyMap<Deployment, Arm>
  /** As configured. */
  readonly strategy: string
  readonly args: Readonly<Record<string, unknown>>
  /** Null takes the caller's or the default one. */
  readonly profile: RoutingProfile | null
  readonly lambda: number | null
  /** A pool of models that callers are granted one by one, and no group of their own. */
  readonly isPool: boolean
  /** A configured router, whose strategy no experiment changes. */
  readonly isOwnStrategy: boolean
}

const profiles: readonly RoutingProfile[] = ['auto', 'eco', 'premium', 'free', 'reasoning']

export interface RoutedGroups {
  readonly routers: ReadonlyMap<string, RoutedGroup>
  /** Those that a name with a threshold stands for; made when first asked for. */
  readonly thresholds: ThresholdRouters
  readonly routed: ReadonlyMap<ModelGroup, RoutedGroup>
}

/** The names that stand for pools, and with an `llmrouter-*` strategy the groups that hold different models. */
export function buildRoutedGroups(
  groups: ReadonlyMap<string, ModelGroup>,
  { modelRouting }: Pick<GatewayConfig, 'modelRouting'>,
): RoutedGroups {
  const { strategy, args, choosesInGroups } = modelRouting
  const standard = { strategy, args, lambda: readLambda(args) }
  const routers = new Map<string, RoutedGroup>()
  const everything = [...groups.values()].filter(servesChat)
  const offer = (name: string, members: readonly ModelGroup[], rest: Terms): void => {
    if (members.length > 0) routers.set(name, poolOf(name, members, rest))
  }
  offer('auto', everything, { ...standard, profile: null })
  for (const profile of profiles) offer(`routeiq/${profile}`, everything, { ...standard, profile })
  for (const router of modelRouting.routers) {
    const members = router.models?.flatMap((name) => groups.get(name) ?? []) ?? everything
    offer(router.name, members, { ...router, isOwnStrategy: true })
  }
  const routed = new Map([...routers.values()].map((pool) => [pool.group, pool]))
  if (choosesInGroups)
    for (const group of groups.values()) {
      const arms = armsWithin(group)
      if (arms.length > 1)
        routed.set(group, assemble(group.name, group, arms, { ...standard, profile: null }, false))
    }
  return { routers, routed, thresholds: new ThresholdRouters(routers, routed) }
}

const thresholdName = /^router-(.{1,128})-(\d{0,3}(?:\.\d{1,12})?)$/
const thresholdStrategy = 'llmrouter-threshold'
const steps = 1_000

/**
 * `router-<name>-<threshold>`: the models of a router (`auto`, one of the configuration's, or one of RouteLLM's names, which stand
 * for `auto`), and the stronger of two only where it is expected to do better by more than the threshold. Thresholds are told
 * apart by thousandths, so that callers cannot make up any number of routers.
 */
export class ThresholdRouters {
  readonly #routers: ReadonlyMap<string, RoutedGroup>
  readonly #routed: Map<ModelGroup, RoutedGroup>
  readonly #made = new Map<string, ModelGroup>()

  constructor(routers: ReadonlyMap<string, RoutedGroup>, routed: Map<ModelGroup, RoutedGroup>) {
    this.#routers = routers
    this.#routed = routed
  }

  /** Null when the name is no such thing. */
  find(requested: string): ModelGroup | null {
    const [, name = '', written = ''] = thresholdName.exec(requested) ?? []
    const threshold = Math.round(Number(written) * steps) / steps
    const router = this.#routers.get(routeLlmNames.has(name) ? 'auto' : name)
    if (router === undefined || written === '' || !(threshold <= 1)) return null
    const own = `router-${name}-${threshold}`
    const known = this.#made.get(own)
    if (known !== undefined) return known
    const { small, large } = router.args
    const args = { threshold, ...(small !== undefined && { small }), ...(large !== undefined && { large }) }
    const members = router.arms.map(({ group }) => group)
    const made = poolOf(own, members, { ...router, strategy: thresholdStrategy, args, isOwnStrategy: true })
    this.#made.set(own, made.group)
    this.#routed.set(made.group, made)
    return made.group
  }
}

/** What RouteLLM calls its routers; all of them are two models and a threshold. */
const routeLlmNames = new Set(['mf', 'causal_llm', 'bert', 'sw_ranking', 'random'])

type Terms = Pick<RoutedGroup, 'strategy' | 'args' | 'profile' | 'lambda'> &
  Partial<Pick<RoutedGroup, 'isOwnStrategy'>>

function readLambda({ lambda }: Readonly<Record<string, unknown>>): number | null {
  return typeof lambda === 'number' ? lambda : null
}

function servesChat({ deployments }: ModelGroup): boolean {
  return deployments.some(
    ({ config, paths }) =>
      config.info.mode === 'chat' && paths.chat !== null && config.info.teamPublicModelName === null,
  )
}

function poolOf(name: string, members: readonly ModelGroup[], terms: Terms): RoutedGroup {
  const arms = members.map((group) => ({ name: group.name, group, deployments: group.deployments }))
  const deployments = arms.flatMap((arm) => arm.deployments)
  // The levels of `order` belong to each model and are looked at once one is chosen.
  // Its access groups do, too: one of them opens one model and not the pool.
  const group = { ...buildGroup(name, deployments), levels: [deployments], accessGroups: [] }
  return assemble(name, group, arms, terms, true)
}

/** The different upstream models of one group. */
function armsWithin(group: ModelGroup): readonly Arm[] {
  const byModel = new Map<string, Deployment[]>()
  for (const deployment of group.deployments) {
    const name = `${deployment.provider.id}/${deployment.upstreamModel}`
    byModel.set(name, [...(byModel.get(name) ?? []), deployment])
  }
  return [...byModel].map(([name, deployments]) => ({ name, group, deployments }))
}

function assemble(
  name: string,
  group: ModelGroup,
  arms: readonly Arm[],
  terms: Terms,
  isPool: boolean,
): RoutedGroup {
  const { strategy, args, profile, lambda } = terms
  const armOf = new Map(
    arms.flatMap((arm) => arm.deployments.map((deployment) => [deployment, arm] as const)),
  )
  return {
    name,
    group,
    arms,
    armOf,
    strategy,
    args,
    profile,
    lambda,
    isPool,
    isOwnStrategy: terms.isOwnStrategy === true,
  }
}
