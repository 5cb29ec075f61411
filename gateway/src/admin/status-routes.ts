import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import type { Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { DependencyChecks } from '../process/hub.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { version } from '../version.ts'

export interface StatusDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly checkDependencies: () => Promise<DependencyChecks>
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly now: () => number
}

/**
 * What runs here, for admins and for the pages that are built on it: `/api/v1/routeiq/status`, `…/ui-config`,
 * `/config/services`. `activeStrategy` is that of `auto`.
 */
export function statusRoutes(deps: StatusDependencies, activeStrategy: () => string): Route<Endpoint>[] {
  const page = (
    auth: 'admin' | 'public',
    template: string,
    describe: () => object | Promise<object>,
    aliased = false,
  ): Route<Endpoint> => ({
    ...{ method: 'GET', auth, template, aliased },
    handler: controlEndpoint({
      identity: deps.identity,
      body: null,
      answer: async () => ({ body: await describe() }),
    }),
  })
  return [
    page('admin', '/api/v1/routeiq/status', () => describeStatus(deps, activeStrategy())),
    // A page asks for it before anybody has signed in.
    page('public', '/api/v1/routeiq/ui-config', () => describeInterface(deps.runtime())),
    page('public', '/config/services', () => describeServices(deps), true),
  ]
}

function describeStatus({ runtime, startedAt, now }: StatusDependencies, activeStrategy: string): object {
  const { config } = runtime()
  const seconds = Math.floor((now() - startedAt) / 1_000)
  const { usePrior, defaultProfile } = config.modelRouting
  return {
    version,
    uptime_seconds: seconds,
    uptime_formatted: formatUptime(seconds),
    worker_count: config.server.workers,
    active_strategy: activeStrategy,
    routing_profile: defaultProfile,
    centroid_routing_enabled: usePrior,
    feature_flags: {
      mcp_gateway: config.mcp.enabled,
      a2a_gateway: config.a2a.isEnabled,
      policy_engine: config.policy.isEnabled,
      centroid_routing: usePrior,
      // Strategies that choose models are part of the gateway.
      plugin_strategy: true,
      admin_ui: false,
      config_hot_reload: config.server.watchFiles,
    },
  }
}

/** `2d 3h 4m 5s`, without what is zero in front. */
function formatUptime(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([amount], index) => amount > 0 || index === parts.length - 1)
  return parts
    .slice(first)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}

function describeInterface({ config, routing }: Runtime): object {
  return {
    version,
    features: {
      sso_login: false,
      model_playground: routing.groups.size > 0,
      cost_analytics: !config.storage.disableSpendLogs,
    },
    oidc: { enabled: false, login_url: null },
  }
}

async function describeServices({ runtime, checkDependencies }: StatusDependencies): Promise<object> {
  const { database, redis } = await checkDependencies()
  const { config } = runtime()
  const { storage, configSync, telemetry, cache, modelRouting } = config
  const observes = telemetry.tracing.isEnabled && telemetry.tracing.url !== null
  return {
    services: {
      postgres: { status: storage.databaseUrl === null ? 'embedded' : describeCheck(database) },
      redis: { status: redis === undefined ? 'not_configured' : describeCheck(redis) },
      otel: { status: observes ? 'configured' : 'not_configured' },
      oidc: { status: 'not_configured' },
    },
    features: {
      persistence: database.status === 'ok',
      caching: cache.isEnabled,
      ha_leader_election: configSync.election.backend !== 'none',
      observability: observes,
      sso_login: false,
      ml_routing: true,
      centroid_routing: modelRouting.usePrior,
      // The prior is part of the package and is read with it.
      centroid_vectors_preloaded: modelRouting.usePrior,
    },
  }
}

const describeCheck = ({ status }: { readonly status: 'ok' | 'failed' }): string =>
  status === 'ok' ? 'connected' : 'unavailable'
