import type { Endpoint } from '../http/dispatch.ts'
import type { ShadowFigures } from '../model-routing/shadow-tally.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { weightsOf } from './info-endpoint.ts'
import { activeStrategy, listStrategies } from './list-strategies.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** `GET /llmrouter/strategies/compare`. */
export function compareEndpoint(deps: RoutingApiDependencies): Endpoint {
  const registeredAt = new Date(deps.gateway.now()).toISOString()
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    answer: () => {
      const strategies = listStrategies(deps).map(({ name, family, version, ready, active }) => ({
        ...{ name, family, version, active },
        state: active ? 'active' : ready ? 'staged' : 'disabled',
        registered_at: registeredAt,
        ...describeShadow(deps.shadows.figures(name)),
      }))
      const experiment =
        deps.experimentBook.running[0] ?? deps.gateway.runtime().config.modelRouting.experiment
      return {
        body: {
          strategies,
          total: strategies.length,
          active_strategy: activeStrategy(deps),
          ab_enabled: experiment !== null,
          ab_weights: weightsOf(experiment),
        },
      }
    },
  })
}

function describeShadow(figures: ShadowFigures | null): object {
  if (figures === null) return {}
  return {
    metrics: {
      shadow: {
        decisions: figures.decisions,
        agreement: figures.agreement,
        predicted_quality_difference: figures.qualityDifference,
        predicted_cost_difference_usd: figures.costDifference,
      },
    },
  }
}
