import { isOpenTo } from '../deployments/is-open-to.ts'
import type { Arm } from '../deployments/routed-group.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Experiment } from '../model-routing/experiments/assign-variant.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { activeStrategy, listStrategies } from './list-strategies.ts'
import type { RoutingApiDependencies } from './routing-api-dependencies.ts'

/** `GET /router/info`: what can choose models, what does, and by which bundle. */
export function infoEndpoint(deps: RoutingApiDependencies): Endpoint {
  const { gateway, bundles, outcomes, pins, sharesPins, killSwitch, hotReload, experimentBook, bundleShelf } =
    deps
  return controlEndpoint({
    identity: gateway.identity,
    body: null,
    answer: ({ caller }) => {
      const isThere = ({ group }: Arm): boolean =>
        caller !== null && group.deployments.some((deployment) => isOpenTo(deployment, caller))
      const strategies = listStrategies(deps)
      const ready = strategies.filter((strategy) => strategy.ready).map(({ name }) => name)
      const { modelRouting } = gateway.runtime().config
      const experiment = experimentBook.running[0] ?? modelRouting.experiment
      return {
        body: {
          registered_strategies: ready,
          strategy_count: ready.length,
          hot_reload_enabled: hotReload,
          registry: {
            registered_strategies: ready,
            active_strategy: activeStrategy(deps),
            ab_weights: weightsOf(experiment),
            ab_enabled: experiment !== null,
            experiment:
              experiment === null
                ? null
                : { id: experiment.id, variants: experiment.variants, enabled: true },
            staged_strategies: bundleShelf.staged,
            strategy_versions: Object.fromEntries(
              strategies.filter(({ version }) => version !== '').map(({ name, version }) => [name, version]),
            ),
          },
          default_profile: modelRouting.defaultProfile,
          strategy_args: withoutKeys(modelRouting.args),
          routers: [...gateway.runtime().routing.routers.values()].map(
            ({ name, arms, strategy, profile }) => ({
              name,
              models: arms.filter(isThere).map((arm) => arm.name),
              strategy,
              profile: profile ?? modelRouting.defaultProfile,
            }),
          ),
          bundle: describeBundle(bundles),
          learning: {
            enabled: modelRouting.learning,
            shared_store: true,
            last_merge: outcomes.lastRead === null ? null : new Date(outcomes.lastRead).toISOString(),
          },
          strategies: strategies.map(({ name, status, implementedBy, args, needsArtifact, ready }) => ({
            ...{ name, status, args, ready },
            implemented_by: status === 'not_available' ? null : implementedBy,
            needs_artifact: needsArtifact,
          })),
          affinity: { enabled: true, shared: sharesPins, conversations: pins.size },
          kill_switch: modelRouting.killSwitch || killSwitch.state().enabled,
        },
      }
    },
  })
}

/** Arguments as they may be shown. */
function withoutKeys(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { remote_api_key: _secret, inner_args: inner, ...shown } = args
  const isMap = typeof inner === 'object' && inner !== null
  return isMap ? { ...shown, inner_args: withoutKeys(inner as typeof args) } : shown
}

/** The integer weights of the split under way. */
export function weightsOf(experiment: Experiment | null): Readonly<Record<string, number>> {
  return Object.fromEntries((experiment?.variants ?? []).map(({ name, weight }) => [name, weight]))
}

/** Null without one; `problem` says why the folder's last one was not taken. */
function describeBundle({ active, problem }: RoutingApiDependencies['bundles']): object | null {
  if (active === null) return problem === null ? null : { bundle_id: null, problem }
  const { manifest } = active
  return {
    bundle_id: active.id,
    version: manifest.version,
    created_at: manifest.created_at,
    models: manifest.models.map(({ name }) => name),
    profiles: manifest.profiles,
    metrics: manifest.metrics,
    signed: manifest.signature !== undefined,
    problem,
  }
}
