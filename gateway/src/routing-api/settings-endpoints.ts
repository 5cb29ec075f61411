import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../http/dispatch.ts'
import type { RoutingChanges } from '../model-routing/settings/routing-settings-store.ts'
import { type ControlAnswer, controlEndpoint } from '../rest/control-endpoint.ts'
import { weightsOf } from './info-endpoint.ts'
import { activeStrategy, listStrategies } from './list-strategies.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

const variantSchema = z.object({
  name: z.string().min(1).max(128),
  strategy: z.string().min(1),
  weight: z.number().int().min(0),
  version: z.string().optional(),
})
const changesSchema = z.strictObject({
  active_strategy: z.string().min(1).nullish(),
  routing_profile: z.enum(['auto', 'eco', 'premium', 'free', 'reasoning']).nullish(),
  centroid_routing_enabled: z.boolean().nullish(),
  strategy_weights: z.record(z.string().min(1), z.number().int().min(0)).nullish(),
  experiment: z
    .object({
      id: z.string().min(1).max(128),
      variants: z.array(variantSchema).min(1),
      enabled: z.boolean().default(true),
    })
    .nullish(),
})
type Changes = z.infer<typeof changesSchema>

/** `GET /api/v1/routeiq/routing/config`: what chooses models now. */
export function routingConfigEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: null,
    answer: async () => {
      await deps.settings.refresh()
      return { body: describeConfig(deps) }
    },
  })
}

/**
 * `POST /api/v1/routeiq/routing/config`: any of it, from now on, in every process and over restarts. `null` goes back to what is
 * configured.
 */
export function changeRoutingConfigEndpoint(deps: RoutingApiDependencies): Endpoint {
  return controlEndpoint({
    identity: deps.gateway.identity,
    body: changesSchema,
    answer: async ({ body }) => {
      const problem = findProblem(deps, body)
      if (problem !== null) return refuse(problem)
      try {
        await deps.settings.change(readChanges(body))
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'invalid_request') return refuse(error.message)
        throw error
      }
      return { body: describeConfig(deps) }
    },
  })
}

function describeConfig(deps: RoutingApiDependencies): object {
  const { modelRouting } = deps.gateway.runtime().config
  const experiment = deps.experimentBook.running[0] ?? modelRouting.experiment
  return {
    active_strategy: activeStrategy(deps),
    available_strategies: listReady(deps),
    routing_profile: modelRouting.defaultProfile,
    centroid_routing_enabled: modelRouting.usePrior,
    ab_testing: {
      enabled: experiment !== null,
      weights: weightsOf(experiment),
      experiment_id: experiment?.id ?? null,
    },
  }
}

const listReady = (deps: RoutingApiDependencies): readonly string[] =>
  listStrategies(deps)
    .filter(({ ready }) => ready)
    .map(({ name }) => name)

/** What would have no effect is refused rather than kept. */
function findProblem(deps: RoutingApiDependencies, body: Changes): string | null {
  const { active_strategy, strategy_weights, experiment } = body
  const ready = listReady(deps)
  const weighed = Object.keys(strategy_weights ?? {})
  const named = [active_strategy ?? [], weighed, experiment?.variants.map(({ strategy }) => strategy) ?? []]
  const unknown = named.flat().find((name) => !ready.includes(name))
  if (unknown !== undefined) return `the strategy ${unknown} is not one of ${ready.join(', ')}`
  if (strategy_weights && experiment) return 'give `strategy_weights` or `experiment`, not both'
  if (strategy_weights && weighed.length === 0)
    return '`strategy_weights` names no strategy; null ends the split'
  const approved = deps.experimentBook.appliedFor('auto')
  if (active_strategy && approved !== null && approved !== active_strategy)
    return `an experiment was approved, and its strategy ${approved} is in force; roll the experiment back first`
  return null
}

/** Weights are an experiment whose variants are named like their strategies. */
function readChanges({ strategy_weights, ...changes }: Changes): RoutingChanges {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if (strategy_weights === undefined) return given
  if (strategy_weights === null) return { ...given, experiment: null }
  const variants = Object.entries(strategy_weights).map(([name, weight]) => ({
    name,
    strategy: name,
    weight,
  }))
  return { ...given, experiment: { id: 'default', variants, enabled: true } }
}

/** As the pages of the admin interface read it. */
const refuse = (detail: string): ControlAnswer => ({ status: 400, body: { detail } })
