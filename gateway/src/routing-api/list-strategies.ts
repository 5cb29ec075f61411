import {
  createScorer,
  findStrategy,
  isServedElsewhere,
  type ScorerParts,
  type StrategyEntry,
  strategyCatalogue,
} from '@routeiq/router'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** A strategy of the catalogue, and whether it can run now. */
export interface ListedStrategy extends Omit<StrategyEntry, 'status'> {
  readonly status: StrategyEntry['status'] | 'remote'
  readonly ready: boolean
  readonly active: boolean
  readonly version: string
}

/** Every name of the catalogue with its state under the configuration and bundle in force. */
export function listStrategies(deps: RoutingApiDependencies): readonly ListedStrategy[] {
  const { gateway, scorers } = deps
  const { modelRouting } = gateway.runtime().config
  const active = activeStrategy(deps)
  const parts = {
    trained: scorers.trained?.parts ?? null,
    usePrior: modelRouting.usePrior,
    rewards: null,
  }
  const remote = [modelRouting, ...modelRouting.routers]
    .filter(({ strategy, args }) => isServedElsewhere(strategy, args))
    .map(({ strategy }) => findStrategy(strategy)?.name)
  return strategyCatalogue.map((entry) => {
    if (remote.includes(entry.name))
      return { ...entry, status: 'remote', ready: true, active: entry.name === active, version: '1' }
    const version = versionOf(entry.name, parts)
    return { ...entry, ready: version !== null, active: entry.name === active, version: version ?? '' }
  })
}

/** Null when it cannot run now, or not without arguments of its own. */
function versionOf(strategy: string, parts: ScorerParts): string | null {
  try {
    const { scorer, fallbackReason } = createScorer(strategy, {}, parts)
    return fallbackReason === null ? scorer.version : null
  } catch {
    return null
  }
}

/** The strategy of `auto`: as configured, or as an experiment led to. */
export function activeStrategy({
  gateway,
  experimentBook,
}: Pick<RoutingApiDependencies, 'gateway' | 'experimentBook'>): string {
  return experimentBook.appliedFor('auto') ?? gateway.runtime().config.modelRouting.strategy
}
