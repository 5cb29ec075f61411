import type { Endpoint } from '../http/dispatch.ts'
import type { ChoiceCounts } from '../model-routing/choice-store.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** `GET /api/v1/routeiq/routing/stats`: what chose models, over all choices that are kept. */
export function routingStatsEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    answer: async () => ({ body: describeCounts(await readCounts(deps)) }),
  })
}

/** `GET /api/v1/routeiq/stats/global`: the same, with what was chosen and for whom. All replicas write to one database. */
export function globalStatsEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    answer: async () => {
      const counts = await readCounts(deps)
      const keys = counts.byKey.map(({ keyHash, count }) => [maskKey(keyHash), count])
      return {
        body: {
          ...describeCounts(counts),
          model_distribution: counts.byModel,
          key_distribution: Object.fromEntries(keys),
          tracked_keys: counts.keys,
          cluster_wide: true,
        },
      }
    },
  })
}

/** What this process has not written yet counts too. */
async function readCounts({ choices, choiceLog }: RoutingApiDependencies): Promise<ChoiceCounts> {
  await choiceLog.flush()
  return choices.countChoices()
}

function describeCounts({
  total,
  untrained,
  meanDecisionMs,
  byStrategy,
  byProfile,
}: ChoiceCounts): Record<string, unknown> {
  return {
    total_decisions: total,
    strategy_distribution: byStrategy,
    profile_distribution: byProfile,
    centroid_decisions: untrained,
    average_latency_ms: meanDecisionMs ?? 0,
  }
}

/** Enough of a digest to tell keys apart, and to find one's own. */
const maskKey = (keyHash: string): string => `${keyHash.slice(0, 12)}…`
