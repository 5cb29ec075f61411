import type { PolicyValue } from '@routeiq/router'
import type { Endpoint } from '../http/dispatch.ts'
import { replayShadows } from '../model-routing/replay-shadows.ts'
import type { ShadowFigures } from '../model-routing/shadow-tally.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { describeReplay } from './describe-replay.ts'
import { weightsOf } from './info-endpoint.ts'
import { activeStrategy, listStrategies } from './list-strategies.ts'
import { readWindow } from './read-window.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const mostRows = 5_000
const none: ReadonlyMap<string, PolicyValue> = new Map()

/** `GET /llmrouter/strategies/compare`. */
export function compareEndpoint(deps: RoutingApiDependencies): Endpoint {
  const readReplays = rememberReplays()
  const registeredAt = new Date(deps.gateway.now()).toISOString()
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    answer: async () => {
      const replayed = await readReplays(deps)
      const strategies = listStrategies(deps).map(({ name, family, version, ready, active }) => ({
        ...{ name, family, version, active },
        state: active ? 'active' : ready ? 'staged' : 'disabled',
        registered_at: registeredAt,
        ...describeShadow(deps.shadows.figures(name), replayed.get(name) ?? null),
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

/** Any key may ask, so what was judged is only read again after somebody has judged. */
function rememberReplays(): (deps: RoutingApiDependencies) => Promise<ReadonlyMap<string, PolicyValue>> {
  let known = { judgedAt: 0, values: none }
  return async ({ gateway, choices, choiceLog }) => {
    if (gateway.runtime().config.modelRouting.shadows.length === 0) return none
    const judgedAt = await choices.lastJudgedAt()
    if (judgedAt === null) return none
    if (judgedAt !== known.judgedAt) {
      await choiceLog.flush()
      const rows = await choices.listChoices(null, readWindow(null, gateway.now()), mostRows)
      known = { judgedAt, values: replayShadows(rows) }
    }
    return known.values
  }
}

function describeShadow(figures: ShadowFigures | null, replayed: PolicyValue | null): object {
  if (figures === null) return {}
  return {
    metrics: {
      shadow: {
        decisions: figures.decisions,
        agreement: figures.agreement,
        predicted_quality_difference: figures.qualityDifference,
        predicted_cost_difference_usd: figures.costDifference,
        replay: replayed === null ? null : describeReplay(replayed),
      },
    },
  }
}
