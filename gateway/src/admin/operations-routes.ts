import type { Endpoint } from '../http/dispatch.ts'
import type { Route } from '../http/router.ts'
import { authenticate, type Identity } from '../pipeline/authenticate.ts'
import type { Runtime } from '../pipeline/model-request.ts'
import type { ReloadHistory } from '../process/configuration-holder.ts'
import { controlEndpoint } from '../rest/control-endpoint.ts'
import { prometheusContentType } from '../telemetry/metrics/format-prometheus.ts'

export interface OperationsDependencies {
  readonly identity: Identity
  readonly runtime: () => Runtime
  readonly history: () => ReloadHistory
  /** Prometheus text of all workers. */
  readonly collectMetrics: () => Promise<string>
}

/** `/metrics` and `/config/status`. */
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
        answer: () => ({ body: describeConfiguration(deps) }),
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

function describeConfiguration(deps: OperationsDependencies): Record<string, unknown> {
  const { config } = deps.runtime()
  const { lastAttemptAt, lastSuccessAt, lastError } = deps.history()
  return {
    config_source: config.source.kind,
    sync_enabled: false,
    sync_interval_seconds: 0,
    last_sync_attempt: formatTime(lastAttemptAt),
    last_sync_success: formatTime(lastSuccessAt),
    // The text may quote the file; it belongs in the log, not on a public page.
    last_sync_error:
      lastError === null ? null : 'the last reload was refused; see the log or run routeiq validate-config',
    config_version_hash: config.versionHash,
    model_count: config.models.length,
    next_sync_at: null,
  }
}

function formatTime(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString()
}
