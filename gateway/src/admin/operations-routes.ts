import type { SyncState } from '../config-sync/config-sync.ts'
import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import { authenticate, type Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { ReloadHistory } from '../process/configuration-holder.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { prometheusContentType } from '../telemetry/metrics/format-prometheus.ts'
import { describeSync } from './describe-sync.ts'

export interface OperationsDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly history: () => ReloadHistory
  /** How fetching the configuration goes; null where it is read from this machine alone. */
  readonly syncState: () => Promise<SyncState | null>
  readonly isLeader: () => Promise<boolean>
  /** Prometheus text of all workers. */
  readonly collectMetrics: () => Promise<string>
}

/** `/metrics`, `/config/status` and `/config/sync/status`. */
export function operationsRoutes(deps: OperationsDependencies): Route<Endpoint>[] {
  return [
    { method: 'GET', template: '/metrics', auth: 'public', aliased: false, handler: metricsEndpoint(deps) },
    {
      method: 'GET',
      template: '/config/status',
      auth: 'public',
      handler: controlEndpoint({
        identity: deps.identity,
        body: null,
        answer: async () => ({ body: describeConfiguration(deps, await deps.syncState()) }),
      }),
    },
    {
      method: 'GET',
      template: '/config/sync/status',
      auth: 'user',
      handler: controlEndpoint({
        identity: deps.identity,
        body: null,
        answer: async ({ caller }) => ({
          body: describeSync({
            config: deps.runtime().config,
            history: deps.history(),
            state: await deps.syncState(),
            isLeader: await deps.isLeader(),
            isForAdmins: caller?.isAdmin === true,
          }),
        }),
      }),
    },
  ]
}

/** Public, unless `require_auth_for_metrics_endpoint` asks for a key. */
function metricsEndpoint(deps: OperationsDependencies): Endpoint {
  return {
    errors: 'control',
    handle: async (exchange) => {
      if (deps.runtime().config.telemetry.requireAuthForMetrics)
        await authenticate(deps.identity, exchange, 'user')
      exchange.sendText(200, prometheusContentType, await deps.collectMetrics())
    },
  }
}

function describeConfiguration(
  deps: OperationsDependencies,
  state: SyncState | null,
): Record<string, unknown> {
  const { config } = deps.runtime()
  const history = deps.history()
  const { remote, polls, intervalMs } = config.configSync
  const lastError = history.lastError ?? state?.lastError ?? null
  return {
    config_source: config.source.kind,
    sync_enabled: remote !== null && polls,
    sync_interval_seconds: remote === null ? 0 : intervalMs / 1_000,
    last_sync_attempt: formatTime(latest(history.lastAttemptAt, state?.lastAttemptAt)),
    last_sync_success: formatTime(latest(history.lastSuccessAt, state?.lastSyncAt)),
    // The text may quote the file; it belongs in the log, not on a public page.
    last_sync_error:
      lastError === null ? null : 'the last reload was refused; see the log or run routeiq validate-config',
    config_version_hash: config.versionHash,
    model_count: config.models.length,
    next_sync_at: formatTime(state?.nextSyncAt ?? null),
  }
}

function latest(one: number | null, other: number | null = null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other)
}

function formatTime(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString()
}
