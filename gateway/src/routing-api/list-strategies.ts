import { createScorer, type StrategyEntry, strategyCatalogue } from '@routeiq/router'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** A strategy of the catalogue, and whether it can run now. */
export interface ListedStrategy extends StrategyEntry {
  readonly ready: boolean
  readonly active: boolean
  readonly version: string
}

/** Every name of the catalogue with its state under the configuration and bundle in force. */
export function listStrategies({ gateway, scorers }: RoutingApiDependencies): readonly ListedStrategy[] {
  const { modelRouting } = gateway.runtime().config
  const active = activeStrategy(gateway)
  const parts = {
    trained: scorers.trained?.scorers ?? new Map(),
    usePrior: modelRouting.usePrior,
    rewards: null,
  }
  return strategyCatalogue.map((entry) => {
    const { scorer, fallbackReason } = createScorer(entry.name, {}, parts)
    return {
      ...entry,
      ready: fallbackReason === null,
      active: entry.name === active,
      version: fallbackReason === null ? scorer.version : '',
    }
  })
}

/** The strategy of `auto` as configured. */
export function activeStrategy(gateway: RoutingApiDependencies['gateway']): string {
  return gateway.runtime().config.modelRouting.strategy ?? 'llmrouter-auto'
}
