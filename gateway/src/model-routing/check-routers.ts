import { createScorer } from '@routeiq/router'
import type { GatewayConfig } from '../config/config.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { RoutingSnapshot } from '../deployments/routing-snapshot.ts'

/** What is wrong with the arguments of strategies and the models of routers. */
export function checkRouters(
  { groups, routers }: RoutingSnapshot,
  { modelRouting }: GatewayConfig,
): readonly Diagnostic[] {
  const own = modelRouting.routers.flatMap(({ name, strategy, args, models }) => {
    const path = `routeiq.routing.routers.${name}`
    const unknown = (models ?? []).filter((model) => !groups.has(model))
    return [
      ...checkArguments(strategy, args, `${path}.args`),
      ...unknown.map((model) =>
        error(`${path}.models`, `there is no model ${model} in model_list; the router does without it`),
      ),
      ...(routers.has(name) ? [] : [error(path, 'the router has no models and is left out')]),
      ...(groups.has(name)
        ? [error(path, 'a model of model_list has the same name and is served instead')]
        : []),
    ]
  })
  const { strategy, args } = modelRouting
  const path = 'router_settings.routing_strategy_args'
  return [...checkArguments(strategy, args, path), ...own]
}

function checkArguments(
  strategy: string,
  args: Readonly<Record<string, unknown>>,
  path: string,
): readonly Diagnostic[] {
  try {
    createScorer(strategy, args, { trained: null, usePrior: true, rewards: null })
    return []
  } catch (thrown) {
    return [error(path, `${(thrown as Error).message}; llmrouter-auto is used`)]
  }
}

function error(path: string, message: string): Diagnostic {
  return { severity: 'error', path, message }
}
